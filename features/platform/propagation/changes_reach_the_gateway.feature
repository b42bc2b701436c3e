@propagation @needs:admin @needs:publisher @needs:devportal @needs:gateway @needs:fresh-issuer
Feature: Changes reach the gateway
  What an administrator, a publisher or a developer changes holds at the gateway without a restart.

  Rule: A new key manager is trusted without a restart

    @core @smoke @SEED-KM-09 @SEED-KM-10 @APIM-ASY-03 @DEF-157 @DEF-183 @connector:custom
    Scenario: Tokens of a key manager that was just added are accepted
      Given the authorization server "acme", which is a custom server
      And an API "orders"
      And the administrator has just added the key manager "acme"
      When the developer maps a client of "acme" to "shop" and subscribes it to "orders"
      Then "orders" comes to accept a new token of "shop" from "acme"

    @core @negative @SEED-KM-10 @DEF-045 @connector:custom
    Scenario: Tokens of a key manager that was not added are refused
      Given the authorization server "acme", which is a custom server
      And an API "orders"
      When the API consumer calls "orders" with a token of an unmapped client of "acme"
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

    @core @SEED-KM-09 @DEF-SEED-GW-03 @connector:custom
    Scenario: Adding a key manager does not disturb the tokens of another
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      When the administrator adds a key manager "globex" at a custom server
      Then "orders" accepts the token

  Rule: A key manager that is switched off is trusted no longer

    @core @negative @smoke @SEED-KM-09 @DEF-145 @DEF-SEED-GW-03 @connector:custom
    Scenario: Tokens of a disabled key manager come to be refused
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      When the administrator disables "acme"
      Then "orders" comes to refuse the token as unauthenticated

    @core @DEF-145 @DEF-SEED-KM-27 @connector:custom
    Scenario: Tokens of a key manager that is enabled again come to be accepted
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the administrator has disabled "acme" and its tokens are refused
      When the administrator enables "acme"
      Then "orders" comes to accept a new token of "shop" from "acme"

    @core @negative @DEF-SEED-GW-07 @connector:custom
    Scenario: Disabling one key manager leaves the tokens of another alone
      Given a key manager "acme" at a custom server
      And a key manager "globex" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      When the administrator disables "globex"
      Then "orders" accepts the token

    @core @negative @SEED-KM-09 @DEF-SEED-GW-17 @connector:custom
    Scenario: Tokens of a deleted key manager come to be refused
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      And the developer has removed the keys of "shop" at "acme"
      When the administrator deletes "acme"
      Then "orders" comes to refuse the token as unauthenticated

    @extended @SEED-KM-09 @DEF-185 @DEF-SEED-KM-27 @connector:custom
    Scenario: The last of many changes wins
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the administrator disables and enables "acme" ten times
      Then "orders" comes to accept a new token of "shop" from "acme"

    @extended @negative @DEF-185 @connector:custom
    Scenario: The last of many changes wins when it takes the trust away
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      When the administrator disables "acme" after disabling and enabling it ten times
      Then "orders" comes to refuse the token as unauthenticated

  Rule: A changed key manager is trusted as it is now

    @core @DEF-056 @SEED-KM-09 @connector:custom
    Scenario: A changed consumer key claim is read from the next token
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the administrator changes the consumer key claim of "acme" to "cid"
      Then "orders" comes to accept a token of "shop" from "acme" that names its client only in "cid"

    @core @negative @SEED-OOB-11 @DEF-045 @connector:custom
    Scenario: Tokens of the former issuer come to be refused once the issuer is changed
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      When the administrator changes the issuer of "acme" to "/somewhere/else"
      Then "orders" comes to refuse the token as unauthenticated

  Rule: Keys that are removed open nothing

    @core @negative @DEF-184 @connector:custom
    Scenario: A live token is refused once its keys are removed
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      When the developer removes the keys of "shop" at "acme"
      Then "orders" comes to refuse the token because there is no subscription

    @core @negative @DEF-084 @connector:custom
    Scenario: A live token is refused once its application is unsubscribed
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      When the developer unsubscribes "shop" from "orders"
      Then "orders" comes to refuse the token because there is no subscription

    @core @negative @SEED-OOB-22/production @DEF-084 @connector:custom @APIM-GW-03
    Scenario: A live token is refused once its subscription is blocked
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      When the publisher blocks the subscription of "shop" to "orders"
      Then "orders" comes to refuse the token because the subscription is blocked

    @core @SEED-OOB-22/production @DEF-SEED-GW-25 @connector:custom @APIM-GW-03
    Scenario: A live token is accepted again once its subscription is no longer blocked
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      And the publisher has blocked the subscription of "shop" to "orders"
      When the publisher unblocks the subscription of "shop" to "orders"
      Then "orders" comes to accept the token

    @extended @negative @DEF-084 @connector:resident @APIM-GW-05 @needs:resident
    Scenario: A block holds where the application and the user who signed up have hyphens in their names
      Given the developer has signed up as "jane-mary-doe"
      And the application "web-shop-2" with keys at the resident key manager, subscribed to the API "orders"
      And the API consumer holds a token of "web-shop-2" from the resident key manager
      And "orders" has accepted the token
      When the publisher blocks the subscription of "web-shop-2" to "orders"
      Then "orders" comes to refuse the token because the subscription is blocked

    @extended @DEF-SEED-GW-25 @connector:resident @APIM-GW-05 @needs:resident
    Scenario: A block is lifted where the application and the user who signed up have hyphens in their names
      Given the developer has signed up as "jane-mary-doe"
      And the application "web-shop-2" with keys at the resident key manager, subscribed to the API "orders"
      And the API consumer holds a token of "web-shop-2" from the resident key manager
      And "orders" has accepted the token
      And the publisher has blocked the subscription of "web-shop-2" to "orders"
      When the publisher unblocks the subscription of "web-shop-2" to "orders"
      Then "orders" comes to accept the token

    @core @negative @DEF-187 @connector:custom
    Scenario: A live token is refused once its application is deleted
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      When the developer deletes "shop"
      Then "orders" comes to refuse the token because there is no subscription
