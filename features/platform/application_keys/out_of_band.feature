@application-keys @needs:admin @needs:devportal @needs:fresh-issuer
Feature: Mapping clients that exist at an out-of-band authorization server
  The developer brings the consumer key of a client made elsewhere. The platform notes it down and calls nobody.

  Rule: Mapping needs the consumer key and nothing else

    @core @smoke @SEED-OOB-02 @SEED-OOB-05 @SEED-OOB-22/production @SEED-OOB-23 @DEF-SEED-OOB-05 @APIM-MAP-04
    Scenario Outline: A client of <vendor> is mapped by its consumer key alone
      Given a key manager "acme" at <vendor>
      And the application "shop"
      When the developer maps an existing client of "acme" to "shop"
      Then the consumer key is the one that the developer brought
      And "acme" received no registration request
      And "acme" received no introspection request

      @connector:cognito
      Examples:
        | vendor         |
        | Amazon Cognito |

      @connector:auth0
      Examples:
        | vendor |
        | Auth0  |

      @connector:custom
      Examples:
        | vendor          |
        | a custom server |

    @core @SEED-IS-19/on @DEF-SEED-OOB-05 @connector:is7
    Scenario: Mapping looks a client up where it can be looked up, and registers none
      Given a key manager "acme" at WSO2 Identity Server 7
      And the application "shop"
      When the developer maps an existing client of "acme" to "shop"
      Then the consumer key is the one that the developer brought
      # The look-up; a registration would be a second request at the same interface.
      And "acme" received 1 registration request

    @core @SEED-OOB-02 @SEED-OOB-03 @SEED-OOB-05 @SEED-OOB-13 @SEED-OOB-24 @DEF-SEED-OOB-05 @needs:gateway @needs:publisher
    Scenario Outline: From mapping to the first call the platform asks <vendor> for nothing but its keys
      Given a key manager "acme" at <vendor>
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the backend answers the call
      And the platform has asked "acme" for nothing but its key set

      @connector:cognito
      Examples:
        | vendor         |
        | Amazon Cognito |

      @connector:auth0
      Examples:
        | vendor |
        | Auth0  |

      @connector:custom
      Examples:
        | vendor          |
        | a custom server |

      @connector:entra
      Examples:
        | vendor             |
        | Microsoft Entra ID |

      @connector:okta
      Examples:
        | vendor |
        | Okta   |

      @connector:keycloak
      Examples:
        | vendor   |
        | Keycloak |

      @connector:pingfederate
      Examples:
        | vendor       |
        | PingFederate |

      @connector:pingone
      Examples:
        | vendor  |
        | PingOne |

      @connector:forgerock
      Examples:
        | vendor    |
        | ForgeRock |

      @connector:asgardeo
      Examples:
        | vendor   |
        | Asgardeo |

    @core @DEF-SEED-KEYS-09 @connector:custom
    Scenario Outline: An existing client serves as <type> keys
      Given a key manager "acme" at a custom server
      And the application "shop"
      When the developer maps an existing client of "acme" to "shop" as <type> keys
      Then the consumer key is the one that the developer brought
      And the developer sees <type> keys of "shop" at "acme"

      @SEED-OOB-22/production
      Examples:
        | type       |
        | production |

      @SEED-OOB-22/sandbox
      Examples:
        | type    |
        | sandbox |

    @core @DEF-164 @DEF-SEED-KEYS-11 @connector:custom @needs:resident
    Scenario: Keys at one key manager do not stand in the way of mapping at another
      Given a key manager "acme" at a custom server
      And the application "shop" with keys at the resident key manager
      When the developer maps an existing client of "acme" to "shop"
      Then the consumer key is the one that the developer brought
      And the developer sees keys of "shop" at the resident key manager

    @extended @APIM-MAP-04 @DEF-SEED-KEYS-26 @connector:is7
    Scenario: Where clients are not looked up, one is mapped while its server is out of reach
      Given a described key manager "acme" at WSO2 Identity Server 7 with
        | provisioned app validation | off |
      And the application "shop"
      When the developer maps a client of any name at "acme" to "shop"
      Then the consumer key is the one that the developer brought
      And the developer sees keys of "shop" at "acme"

    @core @APIM-MAP-03 @DEF-164 @connector:custom @needs:resident
    Scenario: An application has clients of two key managers beside its resident keys
      Given a key manager "acme" at a custom server
      And a key manager "globex" at a custom server
      And the application "shop" with keys at the resident key manager
      And the developer has mapped an existing client of "acme" to "shop"
      When the developer maps an existing client of "globex" to "shop"
      Then the developer sees keys of "shop" at "acme"
      And the developer sees keys of "shop" at "globex"
      And the developer sees keys of "shop" at the resident key manager

  Rule: The switches of out-of-band mode hold

    @core @negative @SEED-OOB-05 @SEED-OOB-20/app_creation @DEF-SEED-KEYS-07
    Scenario Outline: No keys are generated at <vendor>
      Given a key manager "acme" at <vendor>
      And the application "shop"
      When the developer generates keys for "shop" at "acme"
      Then the request is refused because the key manager does not create applications
      And "acme" received no registration request
      And the developer sees no keys of "shop" at "acme"

      @connector:cognito
      Examples:
        | vendor         |
        | Amazon Cognito |

      @connector:auth0
      Examples:
        | vendor |
        | Auth0  |

      @connector:custom
      Examples:
        | vendor          |
        | a custom server |

      @connector:entra
      Examples:
        | vendor             |
        | Microsoft Entra ID |

      @connector:okta
      Examples:
        | vendor |
        | Okta   |

      @connector:keycloak
      Examples:
        | vendor   |
        | Keycloak |

      @connector:pingfederate
      Examples:
        | vendor       |
        | PingFederate |

      @connector:pingone
      Examples:
        | vendor  |
        | PingOne |

      @connector:forgerock
      Examples:
        | vendor    |
        | ForgeRock |

      @connector:asgardeo
      Examples:
        | vendor   |
        | Asgardeo |

    @core @negative @SEED-OOB-03 @SEED-OOB-20/token_generation @SEED-OOB-21 @DEF-SEED-KEYS-06 @connector:custom
    Scenario: No token is generated through the platform
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme"
      When the developer generates a token for "shop" at "acme"
      Then the request is refused because the key manager does not generate tokens
      And "acme" received no token request

    @core @negative @SEED-IS-19/off @SEED-OOB-20/out_of_band @DEF-SEED-KEYS-08 @connector:custom
    Scenario: Without out-of-band provisioning no client is mapped
      Given a key manager "acme" at a custom server
      And the application "shop"
      And the administrator has changed the out of band provisioning of "acme" to "off"
      When the developer maps an existing client of "acme" to "shop"
      Then the request is refused because the key manager does not map clients
      And the developer sees no keys of "shop" at "acme"

    @core @SEED-OOB-21 @DEF-SEED-KEYS-06 @DEF-SEED-KEYS-14
    Scenario Outline: The developer is shown where <vendor> issues tokens
      Given a key manager "acme" at <vendor>
      When the developer looks at the key managers
      Then the key manager "acme" is offered
      And the token endpoint offered for "acme" is the one that "acme" advertises
      And token generation is not offered for "acme"

      @connector:cognito
      Examples:
        | vendor         |
        | Amazon Cognito |

      @connector:auth0
      Examples:
        | vendor |
        | Auth0  |

      @connector:custom
      Examples:
        | vendor          |
        | a custom server |

      @connector:entra
      Examples:
        | vendor             |
        | Microsoft Entra ID |

      @connector:okta
      Examples:
        | vendor |
        | Okta   |

      @connector:keycloak
      Examples:
        | vendor   |
        | Keycloak |

      @connector:pingfederate
      Examples:
        | vendor       |
        | PingFederate |

      @connector:pingone
      Examples:
        | vendor  |
        | PingOne |

      @connector:forgerock
      Examples:
        | vendor    |
        | ForgeRock |

      @connector:asgardeo
      Examples:
        | vendor   |
        | Asgardeo |

  Rule: A client belongs to one application

    @core @negative @DEF-163 @DEF-SEED-KEYS-12 @connector:custom
    Scenario: A client that is mapped already is not mapped to a second application
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme"
      And the application "rental"
      When the developer maps the client of "shop" at "acme" to "rental"
      Then the request is refused because there are keys already
      And the developer sees no keys of "rental" at "acme"

    @core @negative @DEF-162 @connector:is7
    Scenario: The beginning of a client id maps nothing
      Given a key manager "acme" at WSO2 Identity Server 7
      And the application "shop"
      When the developer maps the beginning of a client id of "acme" to "shop"
      Then the request is refused because the client cannot be looked up
      And the developer sees no keys of "shop" at "acme"

    @core @negative @SEED-OOB-22/production @DEF-SEED-KEYS-12 @connector:custom
    Scenario: A second client for the same keys is refused
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme"
      When the developer maps another client of "acme" to "shop"
      Then the request is refused because there are keys already
      And "shop" is still mapped to its first client at "acme"

    @core @negative @DEF-169 @connector:custom
    Scenario: Another developer cannot map a client to an application that is not theirs
      Given a key manager "acme" at a custom server
      And the application "shop"
      When the other developer maps an existing client of "acme" to "shop"
      Then the request is refused because the application is another's
      And the developer sees no keys of "shop" at "acme"

    @core @DEF-SEED-OOB-05 @connector:custom
    Scenario: Removing a mapped key asks nothing of the authorization server
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme"
      When the developer removes the keys of "shop" at "acme"
      Then the developer sees no keys of "shop" at "acme"
      And the platform has asked "acme" for nothing but its key set
