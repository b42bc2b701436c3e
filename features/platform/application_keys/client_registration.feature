@application-keys @needs:admin @needs:devportal @needs:fresh-issuer @connector:is7
Feature: Generating keys at a third-party key manager
  The platform registers an OAuth client at the authorization server that the developer chose, and nowhere else.

  Background:
    Given a key manager "acme" at WSO2 Identity Server 7
    And the application "shop"

  Rule: The consumer key is the client id that the authorization server issued

    @core @smoke @SEED-KM-01 @SEED-KM-13/is7 @SEED-IS7-14 @DEF-SEED-KEYS-05 @DEF-SEED-KEYS-09 @APIM-KEY-03
    Scenario Outline: <Type> keys are those of a client that was registered for them
      When the developer generates <type> keys for "shop" at "acme"
      Then the consumer key is the client id that "acme" issued
      And "acme" received 1 registration request
      And the developer sees <type> keys of "shop" at "acme"

      Examples:
        | Type       | type       |
        | Production | production |
        | Sandbox    | sandbox    |

    @core @SEED-KM-13 @SEED-IS7-14 @DEF-SEED-KEYS-05 @DEF-SEED-KEYS-10 @APIM-KEY-15
    Scenario: Production and sandbox keys are different clients
      Given "shop" has keys at "acme"
      When the developer generates sandbox keys for "shop" at "acme"
      Then the consumer key is the client id that "acme" issued
      And "acme" received 2 registration requests
      And the consumer key differs from the production one

    @core @SEED-KM-12 @SEED-KM-13 @DEF-SEED-KEYS-01
    Scenario: Keys come from the chosen key manager and from no other
      Given a key manager "globex" at WSO2 Identity Server 7
      When the developer generates keys for "shop" at "globex"
      Then the consumer key is the client id that "globex" issued
      And "acme" received no registration request
      And the developer sees no keys of "shop" at "acme"

    @extended @SEED-KM-13 @DEF-SEED-KEYS-16 @APIM-KEY-05
    Scenario: A grant type may be chosen that the key manager does not offer
      When the developer generates keys for "shop" at "acme" for the grant types "client_credentials, urn:ietf:params:oauth:grant-type:token-exchange"
      Then the client at "acme" was registered for exactly "client_credentials, urn:ietf:params:oauth:grant-type:token-exchange"

    @core @SEED-IS-20/on @SEED-IS7-31/username @SEED-IS7-31/password @DEF-SEED-KEYS-05
    Scenario: The connector presents itself with the credentials that the administrator entered
      When the developer generates keys for "shop" at "acme"
      Then the consumer key is the client id that "acme" issued
      And the registration at "acme" was authenticated as the connector's user

    @core @DEF-SEED-KEYS-04
    Scenario: The grant types that the developer chose are registered
      When the developer generates keys for "shop" at "acme" for the grant types "client_credentials, password"
      Then the client at "acme" was registered for exactly "client_credentials, password"

    @core @DEF-166 @DEF-SEED-KEYS-04
    Scenario: Saving keys as they were read changes nothing at the authorization server
      Given the application "rental" with keys at "acme" for the grant types "client_credentials, password"
      When the developer saves the keys of "rental" at "acme" as they were read
      Then the client at "acme" was registered for exactly "client_credentials, password"

    @core @DEF-167 @DEF-SEED-CONN-02
    Scenario: Several callbacks are registered one by one
      When the developer generates keys for "shop" at "acme" with the callbacks "one.example/cb, two.example/cb"
      Then the client at "acme" may be redirected to exactly "one.example/cb, two.example/cb"

    @core @DEF-170 @APIM-CONN-04
    Scenario Outline: The optional setting <setting> does not stand in the way of keys
      Given the administrator has changed the <setting> of "acme" to "<value>"
      When the developer generates keys for "shop" at "acme"
      Then the consumer key is the client id that "acme" issued

      Examples:
        | setting           | value                     |
        | role creation     | Create Roles in WSO2 IS 7 |
        | user schema cache | Enable                    |

    @core @DEF-168 @APIM-SEC-12
    Scenario: A single key reads like its entry in the list
      Given "shop" has keys at "acme"
      When the developer reads the keys of "shop" at "acme" on their own
      Then they read like their entry in the list

    @core @SEED-IS-18/on @DEF-SEED-KEYS-06
    Scenario: A first token comes with the keys while token generation is on
      When the developer generates keys for "shop" at "acme"
      Then the keys come with a token
      And "acme" received 1 token request

    @core @negative @SEED-IS-18/off @DEF-SEED-KEYS-06
    Scenario: No token comes with the keys while token generation is off
      Given the administrator has changed the token generation of "acme" to "off"
      When the developer generates keys for "shop" at "acme"
      Then the consumer key is the client id that "acme" issued
      And the keys come without a token
      And "acme" received no token request

  Rule: Each type of key manager speaks the dialect of its server

    @extended @DEF-SEED-CONN-01
    Scenario Outline: Keys at <kind> are those of a client that was registered there
      Given a key manager "registrar" at <kind> that registers clients
      When the developer generates keys for "shop" at "registrar"
      Then the consumer key is the client id that "registrar" issued

      @SEED-KM-13/is @connector:is
      Examples:
        | kind                 |
        | WSO2 Identity Server |

      @SEED-KM-13/custom @connector:custom
      Examples:
        | kind            |
        | a custom server |

      @SEED-KM-13/keycloak @connector:keycloak
      Examples:
        | kind     |
        | Keycloak |

      @SEED-KM-13/okta @connector:okta
      Examples:
        | kind |
        | Okta |

      @SEED-KM-13/auth0 @connector:auth0
      Examples:
        | kind  |
        | Auth0 |

      @SEED-KM-13/pingfederate @connector:pingfederate
      Examples:
        | kind         |
        | PingFederate |

      @SEED-KM-13/forgerock @connector:forgerock
      Examples:
        | kind      |
        | ForgeRock |

      @SEED-KM-13/entra @connector:entra
      Examples:
        | kind               |
        | Microsoft Entra ID |

      @SEED-KM-13/asgardeo @connector:asgardeo
      Examples:
        | kind     |
        | Asgardeo |

    @extended @DEF-SEED-CONN-03
    Scenario Outline: Keys that are removed at <kind> leave no client there
      Given a key manager "registrar" at <kind> that registers clients
      And "shop" has keys at "registrar"
      When the developer deletes "shop"
      Then the request is granted
      And "registrar" has no client of "shop" any more

      @connector:custom
      Examples:
        | kind            |
        | a custom server |

      @connector:keycloak
      Examples:
        | kind     |
        | Keycloak |

      @connector:okta
      Examples:
        | kind |
        | Okta |

      @connector:pingfederate
      Examples:
        | kind         |
        | PingFederate |

      @connector:forgerock
      Examples:
        | kind      |
        | ForgeRock |

  Rule: What is refused leaves nothing behind

    @core @negative @DEF-SEED-KEYS-13
    Scenario: A refused registration leaves no keys behind
      Given "acme" refuses client registration
      When the developer generates keys for "shop" at "acme"
      Then the request is refused because the authorization server refused
      And the developer sees no keys of "shop" at "acme"

    @core @DEF-155
    Scenario: Key generation succeeds once the authorization server registers clients again
      Given "acme" refuses client registration
      And the developer has failed to generate keys for "shop" at "acme"
      And "acme" accepts client registration again
      When the developer generates keys for "shop" at "acme"
      Then the consumer key is the client id that "acme" issued
      And the developer sees keys of "shop" at "acme"

    @core @negative @DEF-156
    Scenario: A client whose first token fails is not left at the authorization server
      Given "acme" fails at its token endpoint
      When the developer generates keys for "shop" at "acme"
      Then the request is refused because no token could be generated
      And no client is left at "acme"
      And the developer sees no keys of "shop" at "acme"

    @core @negative @DEF-SEED-KEYS-13
    Scenario: A failing registration leaves no keys behind
      Given "acme" fails at client registration
      When the developer generates keys for "shop" at "acme"
      Then the request is refused because the authorization server failed
      And the developer sees no keys of "shop" at "acme"

    @extended @negative @DEF-SEED-CONN-03
    Scenario Outline: A client whose registration <kind> answered in vain is not left there
      Given a key manager "registrar" at <kind> that registers clients
      And the answer of "registrar" to the next registration is lost
      When the developer generates keys for "shop" at "registrar"
      Then the request is refused because the authorization server cannot be reached
      And no further client is left at "registrar"
      And the developer sees no keys of "shop" at "registrar"

      Examples:
        | kind                   |
        | WSO2 Identity Server 7 |

      @connector:is
      Examples:
        | kind                 |
        | WSO2 Identity Server |

      @connector:asgardeo
      Examples:
        | kind     |
        | Asgardeo |

      @connector:okta
      Examples:
        | kind |
        | Okta |

      @connector:pingfederate
      Examples:
        | kind         |
        | PingFederate |

      @connector:keycloak
      Examples:
        | kind     |
        | Keycloak |

      @connector:forgerock
      Examples:
        | kind      |
        | ForgeRock |

      @connector:auth0
      Examples:
        | kind  |
        | Auth0 |

      @connector:entra
      Examples:
        | kind               |
        | Microsoft Entra ID |

    @core @negative @SEED-KM-13 @DEF-SEED-KEYS-05 @DEF-SEED-KEYS-12
    Scenario: A second set of keys of the same kind is refused
      Given "shop" has keys at "acme"
      When the developer generates keys for "shop" at "acme"
      Then the request is refused because there are keys already
      And "acme" received 1 registration request

    @core @negative @SEED-IS-20/off @DEF-SEED-KEYS-07 @APIM-KEY-08
    Scenario: Without OAuth app creation no keys are generated
      Given the administrator has changed the OAuth app creation of "acme" to "off"
      When the developer generates keys for "shop" at "acme"
      Then the request is refused because the key manager does not create applications
      And the refusal says "Key Manager doesn't support generating OAuth applications"
      And "acme" received no registration request
      And the developer sees no keys of "shop" at "acme"

    @core @negative @DEF-145 @APIM-EN-02
    Scenario: A disabled key manager generates no keys
      Given the administrator has changed the enabled of "acme" to "off"
      When the developer generates keys for "shop" at "acme"
      Then the request is refused because the key manager is not registered
      And "acme" received no registration request
      And the developer sees no keys of "shop" at "acme"

    @core @negative @SEED-KM-12 @DEF-SEED-KEYS-02
    Scenario: A key manager that nobody registered generates no keys
      When the developer generates keys for "shop" at a key manager that does not exist
      Then the request is refused because the key manager is not registered

    @core @negative @SEED-KM-13 @DEF-SEED-KEYS-03
    Scenario Outline: The grant type <grant type> needs a callback
      When the developer generates keys for "shop" at "acme" for the grant types "<grant type>"
      Then the request is refused as malformed
      And "acme" received no registration request
      And the developer sees no keys of "shop" at "acme"

      Examples:
        | grant type         |
        | authorization_code |
        | implicit           |

    @core @negative @DEF-169
    Scenario: Another developer cannot generate keys for an application that is not theirs
      When the other developer generates keys for "shop" at "acme"
      Then the request is refused because the application is another's
      And "acme" received no registration request
      And the developer sees no keys of "shop" at "acme"

    @core @negative @SEED-KM-11/other_tenant @DEF-SEED-KEYS-02 @needs:tenants
    Scenario: A key manager of another tenant generates no keys
      Given another tenant with a key manager "elsewhere"
      When the developer generates keys for "shop" at the other tenant's "elsewhere"
      Then the request is refused because the key manager is not registered

  Rule: Keys that are removed are gone on both sides

    @core @negative @DEF-160
    Scenario: An application stays while its client cannot be deleted
      Given "shop" has keys at "acme"
      And "acme" fails at client registration
      When the developer deletes "shop"
      Then the request is refused because the client could not be deleted
      And the developer sees keys of "shop" at "acme"

    @core @DEF-160
    Scenario: A deletion that failed can be tried again
      Given "shop" has keys at "acme"
      And "acme" fails at client registration
      And the developer has failed to delete "shop"
      And "acme" accepts client registration again
      When the developer deletes "shop"
      Then "acme" has no client of "shop" any more

    @core @DEF-159 @DEF-161 @DEF-SEED-CONN-03
    Scenario: Removing an application removes its client at the authorization server
      Given "shop" has keys at "acme"
      When the developer deletes "shop"
      Then the request is granted
      And "acme" has no client of "shop" any more
