@permissions @needs:admin @needs:publisher @needs:fresh-issuer @serial
Feature: Scopes at the key managers that keep them
  Some authorization servers keep scopes, and roles that carry them. The platform tells them of the scopes of its tenant,
  and goes on telling one that could not be told.

  Rule: A key manager knows the scopes of its tenant

    @extended @SEED-KM-30/scopes @DEF-SEED-CONN-05
    Scenario Outline: A new shared scope is made known at <kind>
      Given a key manager "acme" at <kind>
      When the publisher creates the shared scope "pets-write" for the role "editor"
      Then the request is granted
      And "acme" comes to know the scope "pets-write"

      @APIM-ROLE-07 @connector:is7
      Examples:
        | kind                   |
        | WSO2 Identity Server 7 |

      @SEED-IS-11/used @SEED-IS-11/served @connector:is
      Examples:
        | kind                 |
        | WSO2 Identity Server |

    @extended @SEED-KM-30/scopes @SEED-IS7-20/served @DEF-SEED-CONN-05 @connector:is7 @connector:is
    Scenario: A new shared scope is made known at the scope management endpoint of WSO2 Identity Server 7
      Given a key manager "acme" at WSO2 Identity Server 7 with
        | type | WSO2-IS |
      When the publisher creates the shared scope "pets-write" for the role "editor"
      Then "acme" comes to know the scope "pets-write"

    @extended @SEED-KM-30/scopes @SEED-KM-07 @APIM-ROLE-06 @DEF-SEED-CONN-05 @connector:is7
    Scenario: Every key manager of the tenant is told of a new shared scope
      Given a key manager "acme" at WSO2 Identity Server 7
      And a key manager "globex" at WSO2 Identity Server 7
      When the publisher creates the shared scope "pets-write" for the role "editor"
      Then "acme" comes to know the scope "pets-write"
      And "globex" comes to know the scope "pets-write"

    @extended @SEED-KM-30/scopes @DEF-SEED-KM-30 @connector:is7
    Scenario: A shared scope that was deleted is forgotten at its key manager
      Given a key manager "acme" at WSO2 Identity Server 7
      And a shared scope "pets-write" for the role "editor"
      And "acme" has come to know the scope "pets-write"
      When the publisher deletes the shared scope "pets-write"
      Then "acme" comes to forget the scope "pets-write"

    @extended @SEED-KM-30/scopes @DEF-SEED-CONN-05 @connector:is7
    Scenario: A key manager that is added later learns of the scopes that there are
      Given the authorization server "acme", which is WSO2 Identity Server 7
      And a shared scope "pets-write" for the role "editor"
      When the administrator adds a key manager "acme" at WSO2 Identity Server 7
      Then the request is granted
      And "acme" comes to know the scope "pets-write"

    @extended @SEED-KM-30/scopes @DEF-SEED-CONN-05 @connector:is7
    Scenario: The scope that a new API has to itself is made known as well
      Given a key manager "acme" at WSO2 Identity Server 7
      When the publisher adds an API "pets" with the scope "pets-read" of its own
      Then the request is granted
      And "acme" comes to know the scope "pets-read"

  Rule: Roles carry the scopes that are bound to them

    @extended @SEED-KM-30/scopes @APIM-ROLE-01 @DEF-154 @DEF-SEED-CONN-06 @connector:is7
    Scenario: A role that is missing at WSO2 Identity Server 7 is made where that is switched on
      Given a key manager "acme" at WSO2 Identity Server 7 with
        | role creation | true |
      When the publisher creates the shared scope "pets-write" for the role "editor"
      Then "acme" comes to give the scope "pets-write" to the role "system_primary_editor"

    @extended @SEED-KM-30/scopes @APIM-ROLE-02 @DEF-154 @DEF-SEED-CONN-06 @connector:is7
    Scenario: A scope for an internal role of the platform goes to the role of that name
      Given a key manager "acme" at WSO2 Identity Server 7 with
        | role creation | true |
      When the publisher creates the shared scope "pets-write" for the role "Internal/subscriber"
      Then "acme" comes to give the scope "pets-write" to the role "subscriber"

    @extended @SEED-KM-30/scopes @DEF-154 @DEF-SEED-CONN-06 @connector:is7
    Scenario: A scope that is bound to another role leaves the first one
      Given a key manager "acme" at WSO2 Identity Server 7 with
        | role creation | true |
      And a shared scope "pets-write" for the role "editor"
      And "acme" has come to give the scope "pets-write" to the role "system_primary_editor"
      When the publisher binds the shared scope "pets-write" to the role "author"
      Then "acme" comes to give the scope "pets-write" to the role "system_primary_author"
      And "acme" does not give the scope "pets-write" to the role "system_primary_editor"

  Rule: What a role carries there counts at the gateway

    Background:
      Given a key manager "acme" at WSO2 Identity Server 7 with
        | role creation | true |
      And a shared scope "orders-write" for the role "editor"
      And an API "orders" that needs the shared scope "orders-write"
      And the application "shop" with keys at "acme", subscribed to the API "orders"

    @extended @SEED-KM-30/scopes @APIM-ROLE-09 @DEF-154 @needs:devportal @needs:gateway @connector:is7
    Scenario: A user with the role at the authorization server reaches the operation
      Given the user of "acme" has the role "system_primary_editor"
      And the API consumer holds a token of "shop" from "acme" by password for the scope "orders-write"
      When the API consumer calls "orders" with the token
      Then the backend answers the call

    @extended @negative @SEED-KM-30/scopes @APIM-ROLE-10 @DEF-049 @needs:devportal @needs:gateway @connector:is7
    Scenario: A user without the role at the authorization server does not reach the operation
      Given the API consumer holds a token of "shop" from "acme" by password for the scope "orders-write"
      When the API consumer calls "orders" with the token
      Then the call is refused because the scope is missing
      And the call did not reach the backend

  Rule: A key manager that cannot be told stops nobody

    @extended @SEED-KM-07 @APIM-ROLE-04 @DEF-SEED-CONN-08 @connector:is7
    Scenario: A shared scope is created while a key manager fails at it
      Given a key manager "acme" at WSO2 Identity Server 7
      And "acme" fails at scope management
      When the publisher creates the shared scope "pets-write" for the role "editor"
      Then the request is granted

    @extended @SEED-KM-07 @DEF-SEED-CONN-05 @DEF-SEED-CONN-07 @DEF-SEED-CONN-08 @connector:is7
    Scenario: A key manager that failed comes to know the scope once it works again
      Given a key manager "acme" at WSO2 Identity Server 7
      And "acme" fails at scope management once
      When the publisher creates the shared scope "pets-write" for the role "editor"
      Then the request is granted
      And "acme" comes to know the scope "pets-write"

    @extended @SEED-KM-07 @APIM-ROLE-04 @DEF-SEED-CONN-09 @connector:is7
    Scenario: A shared scope is created while the server of a key manager is down
      Given a key manager "acme" at WSO2 Identity Server 7
      And the authorization server "acme" is down
      When the publisher creates the shared scope "pets-write" for the role "editor"
      Then the request is granted
      And the shared scope "pets-write" is for the role "editor" and shown as "pets-write"

    @extended @SEED-KM-07 @DEF-SEED-CONN-09 @connector:is7
    Scenario: An API is created with a scope of its own while the server of a key manager is down
      Given a key manager "acme" at WSO2 Identity Server 7
      And the authorization server "acme" is down
      When the publisher adds an API "pets" with the scope "pets-read" of its own
      Then the request is granted

    @extended @SEED-KM-07 @DEF-SEED-CONN-08 @connector:is7
    Scenario: An API is created with a scope of its own while a key manager fails at it
      Given a key manager "acme" at WSO2 Identity Server 7
      And "acme" fails at scope management
      When the publisher adds an API "pets" with the scope "pets-read" of its own
      Then the request is granted

    @extended @SEED-KM-07 @DEF-SEED-CONN-05 @connector:is7
    Scenario: A key manager whose server was out of reach comes to know the scope once that is back
      Given a key manager "acme" at WSO2 Identity Server 7
      And the authorization server "acme" is out of reach for now
      When the publisher creates the shared scope "pets-write" for the role "editor"
      Then the request is granted
      And "acme" comes to know the scope "pets-write" once its server is in reach again

    @extended @SEED-KM-07 @DEF-SEED-CONN-12 @needs:scope-reports @connector:is7
    Scenario: That a key manager could not be told of a scope is reported at it
      Given a key manager "acme" at WSO2 Identity Server 7
      And the authorization server "acme" is down
      When the publisher creates the shared scope "pets-write" for the role "editor"
      Then it is reported of "acme" that it could not be told of the scope "pets-write"
