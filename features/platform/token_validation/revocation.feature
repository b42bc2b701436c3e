@token-validation @needs:devportal @needs:publisher @needs:gateway
Feature: Revoked tokens
  A revocation ends a token before its time, whether the gateway has seen it already or not.

  @core @negative @smoke @SEED-KM-04/revocation @SEED-KM-27/revocation @DEF-085 @DEF-SEED-GW-03 @DEF-SEED-RES-12 @APIM-REV-01 @needs:resident
  Scenario: A resident token that was in use is refused after its revocation
    Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the API consumer holds a token of "shop" from the resident key manager
    And "orders" has accepted the token
    When the API consumer revokes the token at the resident key manager
    Then "orders" comes to refuse the token as unauthenticated

  @core @negative @SEED-KM-27/revocation @DEF-086 @needs:resident
  Scenario: A resident token that was never used is refused after its revocation
    Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the API consumer holds a token of "shop" from the resident key manager
    When the API consumer revokes the token at the resident key manager
    Then "orders" comes to refuse the token as unauthenticated

  @core @SEED-KM-27/revocation @DEF-SEED-GW-15 @needs:resident
  Scenario: Revoking one token leaves another one of the same application alone
    Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the API consumer holds a token of "shop" from the resident key manager
    And the API consumer keeps it beside another one
    When the API consumer revokes the token at the resident key manager
    Then "orders" comes to refuse the token as unauthenticated
    And "orders" still accepts the one that was kept
    And "orders" accepts a new token of "shop" from the resident key manager

  @core @OAUTH-7009-2.2-a @DEF-SEED-RES-13 @needs:resident
  Scenario: Revoking a token that nobody issued succeeds and changes nothing
    Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the API consumer holds a token of "shop" from the resident key manager
    When the API consumer revokes the token "unheard-of" at the resident key manager
    Then the request is granted
    And "orders" accepts the token

  @core @negative @OAUTH-7009-2.1-a @DEF-SEED-RES-07 @needs:resident
  Scenario: A client cannot revoke the token of another
    Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the application "rival" with keys at the resident key manager
    And the API consumer holds a token of "shop" from the resident key manager
    When "rival" revokes the token at the resident key manager
    Then "orders" accepts the token

  @core @negative @SEED-KM-27/revocation @DEF-186 @needs:admin @needs:fresh-issuer @connector:is7
  Scenario: A third-party token is refused once its server has announced the revocation
    Given a key manager "acme" at WSO2 Identity Server 7
    And the application "shop" with keys at "acme", subscribed to the API "orders"
    And the API consumer holds a token of "shop" from "acme"
    And "orders" has accepted the token
    When the authorization server "acme" announces the revocation of the token
    Then "orders" comes to refuse the token as unauthenticated

  @core @negative @SEED-KM-27/revocation @DEF-180 @needs:admin @needs:fresh-issuer @connector:is7
  Scenario: A token from before a reset is refused once its server has announced the reset
    Given a key manager "acme" at WSO2 Identity Server 7
    And the application "shop" with keys at "acme", subscribed to the API "orders"
    And the API consumer holds a token of "shop" from "acme"
    And "orders" has accepted the token
    When the authorization server "acme" announces that the client of the token was reset
    Then "orders" comes to refuse the token as unauthenticated

  @core @negative @SEED-KM-27/revocation @SEED-IS7-17/endpoint @DEF-186 @APIM-REV-02 @APIM-REV-06 @needs:admin @needs:fresh-issuer @connector:is7 @APIM-CONN-12
  Scenario: A token that its own server revoked and told of is refused although nobody asks that server
    Given a key manager "acme" at WSO2 Identity Server 7
    And the authorization server "acme" tells the platform of tokens that it revokes
    And the application "shop" with keys at "acme", subscribed to the API "orders"
    And the API consumer holds a token of "shop" from "acme"
    And "orders" has accepted the token
    When the API consumer revokes the token at "acme"
    Then "orders" comes to refuse the token as unauthenticated

  @core @negative @DEF-139 @DEF-191 @needs:admin @needs:fresh-issuer @connector:is7
  Scenario: A revocation that a stranger announces is not believed
    Given a key manager "acme" at WSO2 Identity Server 7
    And the application "shop" with keys at "acme", subscribed to the API "orders"
    And the API consumer holds a token of "shop" from "acme"
    When a stranger announces the revocation of the token
    Then the request is refused as unauthenticated
    And "orders" accepts the token

  @core @negative @DEF-047 @needs:resident
  Scenario: A refresh token opens no API
    Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the API consumer holds a token of "shop" from the resident key manager by password
    When the API consumer calls "orders" with the refresh token
    Then the call is refused because the credentials are invalid
    And the call did not reach the backend

  @extended @negative @SEED-KM-27/revocation @APIM-REV-08 @DEF-SEED-REV-01 @needs:resident
  Scenario: A token that counts once is refused after its first use
    Given an API "orders" that takes a token with the scope "OTT" once
    And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the API consumer holds a token of "shop" from the resident key manager by client credentials for the scope "OTT"
    When the API consumer calls "orders" with the token
    Then the backend answers the call
    And "orders" comes to refuse the token because the credentials are invalid

  @extended @APIM-REV-09 @DEF-SEED-REV-01 @needs:resident
  Scenario: The end of a token that counts once leaves others of its application alone
    Given an API "orders" that takes a token with the scope "OTT" once
    And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the API consumer holds a token of "shop" from the resident key manager
    And the API consumer keeps it beside one for the scope "OTT"
    When the API consumer calls "orders" with the token
    Then "orders" comes to refuse the token because the credentials are invalid
    And "orders" still accepts the one that was kept

  @extended @negative @APIM-REV-10 @DEF-SEED-REV-01 @needs:resident @needs:deployment
  Scenario: A token that counts once does so for a user who owns nothing
    Given an API "orders" that takes a token with the scope "OTT" once
    And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the user "nora"
    And the API consumer holds a token of "shop" from the resident key manager by the password of "nora" for the scope "OTT"
    When the API consumer calls "orders" with the token
    Then the backend answers the call
    And "orders" comes to refuse the token because the credentials are invalid

  @extended @negative @SEED-KM-27/revocation @APIM-REV-11 @DEF-SEED-REV-02 @needs:resident @needs:deployment
  Scenario: A user's token is refused once the password was changed
    Given the user "nora"
    And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the API consumer holds a token of "shop" from the resident key manager by the password of "nora"
    And "orders" has accepted the token
    When "nora" changes the password
    Then the request is granted
    And "orders" comes to refuse the token because the credentials are invalid
