@token-validation @needs:publisher @needs:devportal @needs:gateway @needs:resident
Feature: The backends behind an API
  The kind of the keys says to which backend a call goes, and what the gateway tells that backend to be let in.

  Rule: Keys of each type lead to the backend of that type

    @core @APIM-GW-21 @DEF-SEED-GW-36
    Scenario Outline: A <type> token leads to the <type> backend
      Given an API "orders" that has a backend for each type of keys
      And the application "shop" with keys of both types, subscribed to the API "orders"
      When the API consumer calls "orders" with a <type> token of "shop"
      Then the backend answers the call
      And the call reached the <type> backend

      Examples:
        | type       |
        | production |
        | sandbox    |

    @core @negative @DEF-SEED-GW-02
    Scenario Outline: A <type> token opens no API that has a <other> backend only
      Given an API "orders" that has a backend for <other> keys only
      And the application "shop" with keys of both types, subscribed to the API "orders"
      When the API consumer calls "orders" with a <type> token of "shop"
      Then the call is refused because there is no backend for keys of its type
      And the refusal says "no <type> endpoint"

      @APIM-GW-18
      Examples:
        | type    | other      |
        | sandbox | production |

      @APIM-GW-19
      Examples:
        | type       | other   |
        | production | sandbox |

  Rule: A gateway may serve keys of one type alone

    @extended @negative @needs:deployment @APIM-GW-20 @DEF-SEED-GW-37
    Scenario: A production token is refused at a gateway for sandbox keys
      Given the platform's gateway serves sandbox keys only
      And an API "orders"
      And the application "shop" with keys of both types, subscribed to the API "orders"
      When the API consumer calls "orders" with a production token of "shop"
      Then the call is refused as unauthenticated
      And the refusal says "Production Key Provided for Sandbox Gateway"

    @extended @needs:deployment @APIM-GW-20 @DEF-SEED-GW-38
    Scenario: A sandbox token opens the API at a gateway for sandbox keys
      Given the platform's gateway serves sandbox keys only
      And an API "orders"
      And the application "shop" with keys of both types, subscribed to the API "orders"
      When the API consumer calls "orders" with a sandbox token of "shop"
      Then the backend answers the call

  Rule: The header of tokens can be chosen for the whole platform

    @extended @needs:deployment @APIM-GW-17 @DEF-SEED-GW-39
    Scenario: A token is accepted in the header that was chosen
      Given the platform takes access tokens in the header "X-Shop-Token"
      And an API "orders"
      And the application "shop" with keys at the resident key manager
      And the API consumer holds a token of "shop" from the resident key manager
      When the developer subscribes "shop" to "orders"
      Then "orders" comes to accept the token

    @extended @negative @needs:deployment @APIM-GW-17 @DEF-SEED-GW-40
    Scenario: A token in the usual header is refused where another one was chosen
      Given the platform takes access tokens in the header "X-Shop-Token"
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager
      When the API consumer calls "orders" with the access token in the header "Authorization"
      Then the call is refused as unauthenticated
      And the call did not reach the backend

  Rule: The name of a tenant is its name, letter by letter

    @extended @negative @needs:tenants @APIM-GW-22 @DEF-SEED-GW-41
    Scenario: A tenant in other letters is a failure that disturbs nothing
      Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      When the API consumer calls "orders" with its tenant in capital letters
      Then the call fails because the tenant cannot be loaded
      And "orders" accepts a new token of "shop" from the resident key manager

  Rule: The gateway logs in at the backend

    @extended @DEF-SEED-GW-42
    Scenario Outline: The <type> backend gets a live token that the gateway asked for by <grant>
      Given an API "orders" whose backends want tokens of "acme" by <grant>
      And the application "shop" with keys of both types, subscribed to the API "orders"
      When the API consumer calls "orders" with a <type> token of "shop"
      Then the backend answers the call
      And the backend saw a live token of the <type> client at "acme"
      And a second call of "orders" with a <type> token of "shop" brings a live token, too

      @APIM-GW-24
      Examples:
        | type       | grant              |
        | production | client credentials |
        | sandbox    | client credentials |

      @APIM-GW-25
      Examples:
        | type       | grant    |
        | production | password |
        | sandbox    | password |

    @extended @negative @APIM-GW-26 @DEF-SEED-GW-43
    Scenario Outline: The secrets of a login by <grant> read back empty, and nothing else does
      Given an API "orders" whose backends want tokens of "acme" by <grant>
      When the publisher reads "orders"
      Then the secrets of the login at the backends of "orders" are empty
      And the rest of the login at the backends of "orders" is as it was entered

      Examples:
        | grant              |
        | client credentials |
        | password           |

    @extended @APIM-GW-27 @DEF-SEED-GW-44
    Scenario Outline: The <type> backend gets the name and password that were entered for it
      Given an API "orders" whose backends want names and passwords
      And the application "shop" with keys of both types, subscribed to the API "orders"
      When the API consumer calls "orders" with a <type> token of "shop"
      Then the backend answers the call
      And the backend saw the name and password for the <type> backend

      Examples:
        | type       |
        | production |
        | sandbox    |

    @extended @APIM-GW-27 @DEF-SEED-GW-45
    Scenario: A changed password reaches the backend once the API is deployed again
      Given an API "orders" whose backends want names and passwords
      And the application "shop" with keys of both types, subscribed to the API "orders"
      When the publisher changes the password for the production backend of "orders" to "even-newer"
      Then the production backend of "orders" comes to see the password "even-newer" with tokens of "shop"
