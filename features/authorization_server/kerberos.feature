@token-endpoint @needs:kerberos
Feature: Logging in with Kerberos
  The user's ticket for the server says who the user is, and the client gets a token without ever seeing a password.

  Background:
    Given the administrator of the server has set these switches:
      | switch                           | value |
      | oauth.grant_type.kerberos.enable | true  |
    And a Kerberos realm that the server belongs to

  Rule: A ticket for the server is a grant

    @core @SEED-KM-06/kerberos @DEF-SEED-AS-KRB-07 @DEF-SEED-AS-WHO-01
    Scenario: A ticket of the user brings a token
      When the OAuth client asks for a token with a Kerberos ticket of the user
      Then a token is issued
      And the token is that of the user

    @core @SEED-KM-06/kerberos @DEF-SEED-AS-KRB-12
    Scenario: A ticket brings every scope that is asked for with it
      When the OAuth client asks for a token with a Kerberos ticket of the user and the scope "kmspec-unregistered"
      Then a token is issued
      And the scope "kmspec-unregistered" is granted

  Rule: What is wrong with a ticket, or with who shows it, is told to nobody

    @core @negative @SEED-KM-06/kerberos
    Scenario Outline: A ticket that <flaw> brings none
      When the OAuth client asks for a token with a Kerberos ticket of the user that <flaw>
      Then no token is issued
      And the error is "invalid_grant" with status 400

      @DEF-SEED-AS-KRB-01
      Examples:
        | flaw                       |
        | is sealed with another key |

      @DEF-SEED-AS-KRB-02
      Examples:
        | flaw        |
        | has expired |

      @DEF-SEED-AS-KRB-09
      Examples:
        | flaw             |
        | is not valid yet |

      @DEF-SEED-AS-KRB-03
      Examples:
        | flaw                  |
        | was shown an hour ago |

      @DEF-SEED-AS-KRB-04
      Examples:
        | flaw                   |
        | is for another service |

      @DEF-SEED-AS-KRB-05
      Examples:
        | flaw                |
        | somebody else shows |

    @core @negative @SEED-KM-06/kerberos @DEF-SEED-AS-KRB-06
    Scenario: A ticket that was shown is shown anew, not sent again
      Given the OAuth client sent a Kerberos ticket of the user
      When the OAuth client sends the same Kerberos ticket once more
      Then no token is issued
      And the error is "invalid_grant" with status 400

    @core @negative @SEED-KM-06/kerberos @DEF-SEED-AS-KRB-08
    Scenario: What is no ticket is an invalid grant
      When the OAuth client asks for a token with a Kerberos ticket that is none
      Then no token is issued
      And the error is "invalid_grant" with status 400

    @core @negative @SEED-KM-06/kerberos @DEF-SEED-AS-KRB-10
    Scenario Outline: A ticket brings none in a realm <realm>
      When the OAuth client asks for a token with a Kerberos ticket of the user in a realm <realm>
      Then no token is issued
      And the error is "invalid_grant" with status 400

      Examples:
        | realm                             |
        | that nobody registered            |
        | in which the server is no service |

    @core @negative @SEED-KM-06/kerberos @DEF-SEED-AS-KRB-11
    Scenario Outline: Whoever logs in by Kerberos names the <what>
      When the OAuth client asks for a token by Kerberos without naming the <what>
      Then no token is issued
      And the error is "invalid_request" with status 400

      Examples:
        | what   |
        | realm  |
        | ticket |
