@resident @needs:devportal @needs:resident @needs:deployment @connector:resident
Feature: What an administrator configures for the resident key manager
  Which scopes are granted that nobody registered, and which grants are served, is said once for the whole platform.

  Rule: A list of allowed scopes keeps scopes from growing

    @extended @negative @SEED-KM-30/whitelisting @DEF-SEED-DEP-01
    Scenario: A scope that is not on the list is not granted
      Given the platform grants unregistered scopes like "device_.*" only
      And the application "shop" with keys at the resident key manager
      When the API consumer requests a token of "shop" from the resident key manager by client credentials for the scope "orders-read"
      Then a token is granted
      And the granted scope is "default"

    @extended @SEED-KM-30/whitelisting @SEED-KM-30/scopes @DEF-SEED-RES-04 @APIM-SCO-03
    Scenario: A scope that is on the list is granted
      Given the platform grants unregistered scopes like "device_.*" only
      And the application "shop" with keys at the resident key manager
      When the API consumer requests a token of "shop" from the resident key manager by client credentials for the scope "device_7"
      Then a token is granted
      And the granted scope is "device_7"

  Rule: A grant that is switched off is refused

    @extended @negative @SEED-KM-22 @OAUTH-6749-5.2-f @DEF-SEED-DEP-02
    Scenario: A refresh token is refused for its grant once that is switched off
      Given the platform does not serve the grant "refresh_token"
      And the application "shop" with keys at the resident key manager
      When the API consumer requests a token of "shop" from the resident key manager with an unheard-of refresh token
      Then the token request is refused as "unsupported_grant_type"

  Rule: Where a client has one secret, that one is regenerated

    @extended @negative @APIM-SEC-01 @APIM-SEC-02 @DEF-SEED-SEC-01
    Scenario: A regenerated secret takes the place of the one before
      Given the platform keeps one secret for each client
      And the application "shop" with keys at the resident key manager
      When the developer has the secret of "shop" at the resident key manager regenerated
      Then the regenerated secret opens the token endpoint for "shop" at the resident key manager
      And the secret before it opens nothing for "shop" at the resident key manager

    @extended @APIM-SEC-02 @DEF-SEED-SEC-01 @needs:publisher @needs:gateway
    Scenario: A token that a regenerated secret brought is accepted
      Given the platform keeps one secret for each client
      And an API "orders"
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the developer has had the secret of "shop" at the resident key manager regenerated
      When the API consumer calls "orders" with a token of "shop" from the resident key manager
      Then the backend answers the call
