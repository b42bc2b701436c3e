@resident @needs:devportal @needs:resident @connector:resident
Feature: Logging in at the resident key manager
  A user logs in with a browser and agrees; the client then has a code, or a token in the address itself.

  Rule: A login brings a token

    @extended @APIM-TOK-05 @APIM-TOK-09 @APIM-TOK-14 @DEF-SEED-GW-03 @needs:publisher @needs:gateway
    Scenario: A code is worth a token with the default scope
      Given the application "shop" with keys at the resident key manager for the grant types "authorization_code, client_credentials", subscribed to the API "orders"
      When the developer logs in for a code, and "shop" redeems it
      Then a token is granted
      And the token names a key of the resident key set
      And the granted scope is "default"
      And "orders" accepts the token

    @extended @APIM-TOK-10 @DEF-SEED-GW-03 @needs:publisher @needs:gateway
    Scenario: A token that comes in the address opens the API
      Given the application "shop" with keys at the resident key manager for the grant types "implicit, client_credentials", subscribed to the API "orders"
      When the developer logs in for a token of "shop" in the address itself
      Then a token is granted
      And the token answer names the type Bearer
      And the token names a key of the resident key set
      And "orders" accepts the token

    @extended @APIM-TOK-06 @DEF-SEED-TOK-01 @needs:publisher @needs:gateway
    Scenario: A login belongs to the browser that it was opened in
      Given the application "shop" with keys at the resident key manager for the grant types "authorization_code, client_credentials", subscribed to the API "orders"
      When the developer logs in for a code of "shop"
      Then the browser was given a cookie whose name begins with "sessionNonceCookie-"

    @extended @APIM-TOK-08 @DEF-SEED-TOK-02 @needs:publisher @needs:gateway @needs:consent
    Scenario: Who is asked for consent reads which application wants it
      Given the application "shop" with keys at the resident key manager for the grant types "authorization_code, client_credentials", subscribed to the API "orders"
      When the developer logs in for a code of "shop"
      Then the page that asked for consent named "shop", its owner and its keys

    @extended @negative @OAUTH-6749-10.12-a @DEF-SEED-TOK-06 @needs:publisher @needs:gateway @needs:consent
    Scenario: Nobody agrees to a login in another browser
      Given the application "shop" with keys at the resident key manager for the grant types "authorization_code, client_credentials", subscribed to the API "orders"
      When the developer logs in for a code of "shop", and somebody agrees to it in another browser
      Then the other browser is not sent to the application
      And the developer still gets a code for "shop" by agreeing

    @extended @negative @OAUTH-6749-4.1.2-b @DEF-SEED-TOK-05 @needs:publisher @needs:gateway
    Scenario: A code that comes twice ends the token that it brought
      Given the application "shop" with keys at the resident key manager for the grant types "authorization_code, client_credentials", subscribed to the API "orders"
      And the developer has logged in for a code, and "shop" has redeemed it for a token that "orders" accepts
      When "shop" redeems that code again
      Then the token request is refused as "invalid_grant"
      And "orders" comes to refuse the token as unauthenticated

  Rule: A request that leads nowhere is shown to the user

    @extended @negative @DEF-SEED-TOK-03 @needs:publisher @needs:gateway
    Scenario Outline: A login <flaw> ends on a page that says why
      Given the application "shop" with keys at the resident key manager for the grant types "authorization_code, client_credentials", subscribed to the API "orders"
      When the developer opens the login of "shop" <flaw>
      Then the page that is shown names the error "<error>" and says "<words>"

      @APIM-TOK-11
      Examples:
        | flaw                   | error           | words                                                     |
        | without a redirect URI | invalid_request | Redirect URI is not present in the authorization request |

      @APIM-TOK-12
      Examples:
        | flaw                                | error            | words              |
        | with a redirect URI of somebody else | invalid_callback | callback.not.match |
