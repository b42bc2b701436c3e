@discovery @needs:discovery
Feature: The discovery document of an authorization server
  A key manager form is filled from this document, and gateways compare the issuer it names with every token.

  Rule: The document is what it says it is

    @core @smoke @SEED-IS-03 @OAUTH-8414-3-a @OAUTH-8414-3.3-a @DEF-132 @DEF-SEED-AS-DISCO-08
    Scenario: The document is found at an address made from its issuer
      When the integrator reads the discovery document
      Then the address of the document is made from the issuer it names

    @core @OAUTH-8414-2-a @DEF-SEED-AS-DISCO-08
    Scenario: The issuer is an https address without query and fragment
      When the integrator reads the discovery document
      Then the issuer is an https address without query and fragment

    @core @OAUTH-8414-3.2-a @DEF-SEED-AS-DISCO-06 @DEF-SEED-AS-DISCO-07
    Scenario: The document is JSON without empty lists
      When the integrator reads the discovery document
      Then the document is served as JSON
      And no list in the document is empty

  Rule: The document names what a key manager needs

    @core @smoke @SEED-IS7-12/endpoints @SEED-OOB-10 @OAUTH-8414-2-b @DEF-SEED-AS-DISCO-01
    Scenario: Issuer, token endpoint, key set and response types are named
      When the integrator reads the discovery document
      Then the document has these members:
        | member                   | form    |
        | issuer                   | address |
        | token_endpoint           | address |
        | jwks_uri                 | address |
        | response_types_supported | list    |

    @core @needs:openid-connect @OAUTH-OIDCD-3-a @DEF-SEED-AS-DISCO-01 @DEF-SEED-AS-DISCO-02
    Scenario: A document of OpenID Connect has the seven required members
      When the integrator reads the discovery document
      Then the document has these members:
        | member                                | form    |
        | issuer                                | address |
        | authorization_endpoint                | address |
        | token_endpoint                        | address |
        | jwks_uri                              | address |
        | response_types_supported              | list    |
        | subject_types_supported               | list    |
        | id_token_signing_alg_values_supported | list    |

    @core @needs:openid-connect @OAUTH-OIDCD-3-b @DEF-SEED-AS-DISCO-03
    Scenario: ID tokens can be signed with RS256
      When the integrator reads the discovery document
      Then the list "id_token_signing_alg_values_supported" contains "RS256"

    @extended @SEED-IS7-12/grant_types @DEF-SEED-AS-DISCO-04
    Scenario: The document says which grant types there are
      When the integrator reads the discovery document
      Then the document has these members:
        | member                | form |
        | grant_types_supported | list |

    @extended @SEED-KM-29/implicit @DEF-SEED-AS-DISCO-09
    Scenario: No token is handed out through the browser's address
      When the integrator reads the discovery document
      Then no response type of the document hands out an access token

    @core @OAUTH-6749-3.1-d @DEF-SEED-AS-DISCO-05
    Scenario Outline: The address of the <endpoint> has no fragment
      When the integrator reads the discovery document
      Then the address "<endpoint>" of the document has no fragment

      Examples:
        | endpoint       |
        | token_endpoint |

      @needs:jwks
      Examples:
        | endpoint |
        | jwks_uri |

      @needs:introspection
      Examples:
        | endpoint               |
        | introspection_endpoint |

      @needs:revocation
      Examples:
        | endpoint            |
        | revocation_endpoint |

      @needs:dcr
      Examples:
        | endpoint              |
        | registration_endpoint |

      @needs:openid-connect
      Examples:
        | endpoint               |
        | authorization_endpoint |

    @core @needs:private-key-jwt @OAUTH-8414-2-e @DEF-SEED-AS-DISCO-11
    Scenario: The document says by which algorithms clients sign their assertions
      When the integrator reads the discovery document
      Then the list "token_endpoint_auth_signing_alg_values_supported" has an entry

  Rule: A port offset moves the whole server

    @extended @needs:documented-port @SEED-IS7-10 @DEF-SEED-AS-DISCO-10
    Scenario: With a port offset of 1 the server stands at 9444 and says so
      Given the administrator of the server has set these switches:
        | switch        | value |
        | server.offset | 1     |
      When the integrator reads the discovery document
      Then the document and every address in it are on port 9444
