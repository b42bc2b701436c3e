@token-validation @needs:admin @needs:publisher @needs:devportal @needs:gateway @needs:fresh-issuer
Feature: The keys that verify a key manager's tokens
  A key manager names its keys by a key set or by a certificate; the gateway follows changes of both.

  Rule: A key set is fetched from the authorization server

    @core @SEED-IS-17 @SEED-OOB-18 @DEF-096 @connector:custom
    Scenario: A rotated key is accepted without touching the key manager
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the authorization server "acme" rotates its signing key
      Then "orders" comes to accept a new token of "shop" from "acme"

    @core @negative @DEF-097 @connector:custom
    Scenario: A key that was withdrawn is no longer trusted
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      When the authorization server "acme" withdraws its signing key
      Then "orders" comes to refuse the token as unauthenticated

    @core @SEED-KM-26/no_request @DEF-104 @connector:custom
    Scenario: Validating a token asks nothing of the authorization server
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And "orders" has accepted a token of "shop" from "acme"
      When the API consumer calls "orders" with a new token of "shop" from "acme"
      Then the backend answers the call
      And "acme" saw no request during the call

    @extended @negative @DEF-008 @DEF-063 @connector:custom
    Scenario: A token that fails validation is not handed to introspection
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" whose claims were altered
      Then the call is refused because the credentials are invalid
      And "acme" received no introspection request

  Rule: A certificate takes the place of a key set

    @core @SEED-IS-16 @SEED-OOB-17 @DEF-SEED-GW-13 @connector:custom @APIM-JWT-03
    Scenario: A token verifies against the certificate of its key manager
      Given a key manager "acme" at a custom server with
        | certificate | PEM |
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the backend answers the call
      And "acme" received no key set request

    @core @negative @SEED-OOB-17 @DEF-SEED-GW-19 @connector:custom @APIM-JWT-04 @APIM-CRUD-14
    Scenario: A certificate of another key pair does not verify a token
      Given a key manager "acme" at a custom server with
        | certificate | PEM |
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the administrator changes the certificate of "acme" to "PEM of another key pair"
      Then "orders" comes to refuse a new token of "shop" from "acme"

    @core @SEED-OOB-17 @APIM-JWT-05 @DEF-SEED-GW-13 @connector:custom
    Scenario: A token verifies again once its key manager has the right certificate again
      Given a key manager "acme" at a custom server with
        | certificate | PEM |
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the administrator has changed the certificate of "acme" to "PEM of another key pair"
      When the administrator changes the certificate of "acme" to "PEM"
      Then "orders" comes to accept a new token of "shop" from "acme"

    @extended @negative @SEED-OOB-17 @DEF-031 @connector:custom
    Scenario: A certificate that has ended verifies nothing
      Given a key manager "acme" at a custom server with
        | certificate | PEM |
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the administrator changes the certificate of "acme" to "PEM that has ended"
      Then "orders" comes to refuse a new token of "shop" from "acme"

    @core @SEED-IS-22 @DEF-064 @connector:custom
    Scenario: A token without a key id verifies against the certificate
      Given a key manager "acme" at a custom server with
        | certificate | PEM |
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that names no key
      Then the backend answers the call

    @core @DEF-064 @connector:custom
    Scenario: A token without a key id verifies against the only key of a key set
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that names no key
      Then the backend answers the call

  Rule: Keys belong to one issuer

    @core @negative @OAUTH-8725-3.8-a @DEF-014 @DEF-042 @connector:custom @APIM-JWT-07
    Scenario: The key of one key manager does not sign for another
      Given a key manager "acme" at a custom server
      And a key manager "globex" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" signed with the key of "globex"
      Then the call is refused because the credentials are invalid
      And the refusal says "Invalid Credentials"
      And the call did not reach the backend

    @core @negative @DEF-042 @connector:custom
    Scenario: A token that names another key manager's issuer is not attributed to its signer
      Given a key manager "acme" at a custom server
      And a key manager "globex" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that names the issuer of "globex"
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend
