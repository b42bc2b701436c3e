@token-endpoint
Feature: Tokens for users whom somebody else vouches for
  The server trusts an issuer elsewhere, and gives tokens for whom that issuer names.

  Rule: A signed JWT of a trusted issuer is a grant

    @core @needs:jwt-bearer @SEED-IS7-28 @SEED-IS-15/jwt-bearer @OAUTH-7523-2.1-a @DEF-133 @DEF-SEED-AS-WHO-01
    Scenario: A JWT of a trusted issuer brings a token
      Given an issuer whom the server trusts
      When the OAuth client asks for a token with a JWT of that issuer
      Then a token is issued
      And the token is that of the user whom the issuer names

    @core @negative @needs:jwt-bearer @OAUTH-7523-3.1-a @DEF-133 @DEF-SEED-AS-BEARER-01 @DEF-SEED-AS-BEARER-02
    Scenario Outline: A JWT that <flaw> brings none
      Given an issuer whom the server trusts
      When the OAuth client asks for a token with a JWT of that issuer that <flaw>
      Then no token is issued
      And the error is "invalid_grant" with status 400

      @OAUTH-7523-3-a @DEF-SEED-AS-BEARER-05
      Examples:
        | flaw           |
        | has no subject |

      @OAUTH-7523-3-a
      Examples:
        | flaw          |
        | has no expiry |

      @OAUTH-7523-3-b
      Examples:
        | flaw                   |
        | names another audience |

      @OAUTH-7523-3-c
      Examples:
        | flaw        |
        | has expired |

      @OAUTH-7523-3-d
      Examples:
        | flaw                               |
        | is not signed                      |
        | has a wrong signature              |
        | was signed by somebody else        |
        | is of an issuer whom nobody trusts |

      @OAUTH-7523-3-d @DEF-SEED-AS-BEARER-06
      Examples:
        | flaw                        |
        | is encrypted and not signed |

    @extended @needs:jwt-bearer @SEED-IS7-28 @DEF-SEED-AS-BEARER-04 @DEF-SEED-AS-WHO-01
    Scenario: A JWT that is encrypted to the server brings a token
      Given an issuer whom the server trusts
      When the OAuth client asks for a token with a JWT of that issuer within an envelope for the server
      Then a token is issued
      And the token is that of the user whom the issuer names

    @extended @negative @needs:jwt-bearer @OAUTH-7523-3-d @DEF-SEED-AS-BEARER-03
    Scenario: A JWT that is encrypted to the server and not signed brings none
      Given an issuer whom the server trusts
      When the OAuth client asks for a token with a JWT of that issuer that is encrypted to the server and not signed
      Then no token is issued
      And the error is "invalid_grant" with status 400

  Rule: A token of a trusted issuer is exchanged for one of the server

    @core @needs:token-exchange @SEED-IS7-29 @OAUTH-8693-2.2.1-a @DEF-133 @DEF-SEED-AS-WHO-01
    Scenario: A token of a trusted issuer is exchanged
      Given an issuer whom the server trusts
      When the OAuth client exchanges a JWT of that issuer
      Then a token is issued
      And the token answer has these members:
        | member            | form |
        | access_token      | text |
        | issued_token_type | text |
        | token_type        | text |
      And the token is that of the user whom the issuer names

    @core @negative @needs:token-exchange @OAUTH-8693-2.1-a @DEF-134
    Scenario: Whoever exchanges a token says what it is
      Given an issuer whom the server trusts
      When the OAuth client exchanges a JWT of that issuer without saying what it is
      Then no token is issued
      And the error is "invalid_request" with status 400

    @core @negative @needs:token-exchange @OAUTH-8693-2.2.2-a @DEF-133 @DEF-134
    Scenario Outline: A token that <flaw> is not exchanged
      Given an issuer whom the server trusts
      When the OAuth client exchanges a JWT of that issuer that <flaw>
      Then no token is issued
      And the error is "invalid_request" with status 400

      Examples:
        | flaw                               |
        | has expired                        |
        | is not signed                      |
        | has a wrong signature              |
        | was signed by somebody else        |
        | is of an issuer whom nobody trusts |

  Rule: A signed SAML assertion of a trusted identity provider is a grant

    @core @needs:saml2-bearer @SEED-IS7-24 @SEED-KM-06/saml @OAUTH-7522-2.1-a @APIM-IS7-TOK-11 @DEF-SEED-AS-SAML-07 @DEF-SEED-AS-WHO-01
    Scenario: A SAML assertion of a trusted identity provider brings a token
      Given an issuer whom the server trusts
      When the OAuth client asks for a token with a SAML assertion of that issuer
      Then a token is issued
      And the token is that of the user whom the issuer names

    @core @negative @needs:saml2-bearer @OAUTH-7522-3.1-a
    Scenario Outline: A SAML assertion that <flaw> brings none
      Given an issuer whom the server trusts
      When the OAuth client asks for a token with a SAML assertion of that issuer that <flaw>
      Then no token is issued
      And the error is "invalid_grant" with status 400

      @OAUTH-7522-3-a @DEF-SEED-AS-SAML-05
      Examples:
        | flaw           |
        | has no subject |

      @OAUTH-7522-3-b @DEF-SEED-AS-SAML-03
      Examples:
        | flaw                   |
        | names another audience |

      @OAUTH-7522-3-c @DEF-SEED-AS-SAML-04
      Examples:
        | flaw                     |
        | is for another recipient |

      @OAUTH-7522-3-d @DEF-SEED-AS-SAML-02
      Examples:
        | flaw        |
        | has expired |

      @OAUTH-7522-3-e @DEF-SEED-AS-SAML-01
      Examples:
        | flaw                               |
        | is not signed                      |
        | was signed by somebody else        |
        | was changed afterwards             |

      @OAUTH-7522-3-e @DEF-SEED-AS-SAML-06
      Examples:
        | flaw                               |
        | is of an issuer whom nobody trusts |

      @APIM-IS7-TOK-11 @DEF-SEED-AS-SAML-08
      Examples:
        | flaw                                    |
        | names its issuer as the server calls it |
