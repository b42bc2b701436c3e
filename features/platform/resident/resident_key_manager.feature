@resident @needs:resident @needs:admin @needs:devportal @connector:resident
Feature: The resident key manager
  Every tenant has a key manager of its own, which needs nobody else and can be switched off.

  Rule: It works without any other server

    @core @smoke @SEED-KM-22 @DEF-SEED-RES-15 @DEF-SEED-KM-23
    Scenario: A new tenant has its resident key manager
      When the administrator lists the key managers
      Then the resident key manager is listed
      And the resident key manager is enabled

    @core @smoke @SEED-KM-22 @SEED-KM-01 @DEF-SEED-GW-03 @needs:gateway @needs:publisher
    Scenario: Keys, token and call need nothing but the platform
      Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from the resident key manager
      Then the backend answers the call

    @core @negative @APIM-KEY-12 @DEF-SEED-KEYS-03 @DEF-SEED-APP-11
    Scenario Outline: The grant type <grant type> needs a callback at the resident key manager, too
      Given the application "shop"
      When the developer generates keys for "shop" at the resident key manager for the grant types "<grant type>" with an empty callback
      Then the request is refused as malformed
      And the refusal says "must have at least one URI value when using Authorization code or implicit grant types."
      And the developer sees no keys of "shop" at the resident key manager

      Examples:
        | grant type         |
        | authorization_code |
        | implicit           |

    @core @APIM-KEY-13 @DEF-SEED-KEYS-24
    Scenario: Other grant types need no callback, and an earlier refusal is no hindrance
      Given the application "shop"
      And the developer has failed to generate keys for "shop" at the resident key manager for the grant types "authorization_code" with an empty callback
      When the developer generates keys for "shop" at the resident key manager for the grant types "client_credentials, password" with an empty callback
      Then the request is granted
      And the developer sees keys of "shop" at the resident key manager

    @core @APIM-MAP-01 @DEF-SEED-KEYS-23
    Scenario: A client of the resident key manager is mapped to an application
      Given the administrator has registered a client where the resident key manager says
      And the application "shop"
      When the developer maps the registered client to "shop"
      Then the consumer key is the one that the developer brought
      And the developer sees keys of "shop" at the resident key manager
      And the registered client gets a token from the resident key manager

    @core @negative @APIM-MAP-02 @DEF-SEED-KEYS-12 @DEF-SEED-APP-11
    Scenario: No client is mapped in place of keys that were generated
      Given the administrator has registered a client where the resident key manager says
      And the application "shop" with keys at the resident key manager
      When the developer maps the registered client to "shop"
      Then the request is refused because there are keys already
      And the refusal says "Key Mappings already exists"

    @core @SEED-KM-22 @SEED-KM-13/resident @DEF-SEED-RES-16
    Scenario: A client that is registered where its document says gets tokens
      When the administrator registers a client where the resident key manager says
      Then the registered client gets a token from the resident key manager

    @core @SEED-KM-04/generation @SEED-KM-22 @DEF-SEED-RES-01 @APIM-KEY-02
    Scenario: A developer generates a token in the portal
      Given the application "shop" with keys at the resident key manager
      When the developer generates a token for "shop" at the resident key manager
      Then the request is granted
      And the generated token has a life

    @core @SEED-KM-30/scopes @DEF-171
    Scenario: A token that was generated for a scope has it
      Given the application "shop" with keys at the resident key manager
      When the developer generates a token for "shop" at the resident key manager for the scope "orders-read"
      Then the generated token has exactly the scope "orders-read"

    @core @SEED-KM-23 @SEED-KM-06/oidc @DEF-SEED-RES-04 @APIM-TOK-02
    Scenario: The profile of the user who signed in is told to the holder of the token
      Given the application "shop" with keys at the resident key manager
      And the API consumer holds a token of "shop" from the resident key manager by password for the scope "openid"
      When the API consumer asks the resident key manager whose token it is
      Then the profile names the developer

  Rule: Its connector can be configured

    @core @serial @SEED-IS-29 @DEF-178 @DEF-SEED-KM-08
    Scenario: The connector's username and password can be changed
      When the administrator enters the username "super" and a password for the resident key manager
      Then the request is granted
      And the resident key manager shows the username "super"
      And the password of the resident key manager is masked

    @core @negative @serial @SEED-IS-29 @DEF-SEED-RES-17
    Scenario: A wrong password of the connector shows when keys are generated
      Given the application "shop"
      And the administrator has entered a wrong password for the resident key manager's connector
      When the developer generates keys for "shop" at the resident key manager
      Then the request is refused because the authorization server refused
      And the developer sees no keys of "shop" at the resident key manager

    @core @serial @SEED-IS-29 @DEF-165
    Scenario: The changed password of the connector is the one that is used
      Given the application "shop"
      And the administrator has entered a wrong password for the resident key manager's connector
      And the administrator has entered the right password for the resident key manager's connector
      When the developer generates keys for "shop" at the resident key manager
      Then the request is granted

  @serial
  Rule: It can be switched off

    @core @negative @SEED-IS-30/key_generation @DEF-146
    Scenario: A disabled resident key manager generates no keys
      Given the application "shop"
      And the administrator has disabled the resident key manager
      When the developer generates keys for "shop" at the resident key manager
      Then the request is refused because the key manager is not registered
      And the developer sees no keys of "shop" at the resident key manager

    @core @negative @SEED-IS-30/tokens @DEF-145 @DEF-146 @needs:gateway @needs:publisher
    Scenario: Tokens of a disabled resident key manager come to be refused
      Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager
      And "orders" has accepted the token
      When the administrator disables the resident key manager
      Then "orders" comes to refuse the token as unauthenticated

    @core @SEED-IS-30/tokens @SEED-KM-05 @DEF-146 @needs:gateway @needs:publisher @needs:fresh-issuer
    Scenario: A third-party key manager serves on when the resident one is disabled
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the administrator has disabled the resident key manager
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the backend answers the call

    @core @negative @SEED-KM-22 @DEF-SEED-RES-14 @DEF-142
    Scenario: The resident key manager cannot be deleted
      When the administrator deletes the resident key manager
      Then the request is refused because it is in use
      And the resident key manager is listed

  Rule: A key manager may limit what developers ask for

    @extended @negative @serial @SEED-KM-27/expiry @DEF-SEED-KEYS-27
    Scenario: Keys whose tokens would live too long are refused
      Given the application "shop"
      And the administrator has limited the life of tokens for applications at the resident key manager to 100 seconds
      When the developer generates keys for "shop" at the resident key manager whose tokens live 101 seconds
      Then the request is refused
      And the developer sees no keys of "shop" at the resident key manager
