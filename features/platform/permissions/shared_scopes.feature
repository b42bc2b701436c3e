@permissions @needs:publisher @serial
Feature: Shared scopes and the roles that carry them
  A publisher names a scope once for the whole tenant and binds it to roles; only their holders get it.

  Rule: A scope goes to the holders of its role

    @core @SEED-KM-30 @DEF-154 @APIM-TOK-15 @needs:devportal @needs:resident @connector:resident
    Scenario: A user with the role of a shared scope gets it
      Given a shared scope "pets-write" for the role "Internal/subscriber"
      And the application "shop" with keys at the resident key manager
      When the API consumer requests a token of "shop" from the resident key manager by password for the scope "pets-write"
      Then the granted scope is "pets-write"

    @core @negative @SEED-KM-30 @DEF-SEED-PERM-08 @needs:devportal @needs:resident @connector:resident
    Scenario: A user without the role of a shared scope does not get it
      Given a shared scope "pets-write" for the role "contractors"
      And the application "shop" with keys at the resident key manager
      When the API consumer requests a token of "shop" from the resident key manager by password for the scope "pets-write"
      Then the granted scope is "default"

    @extended @negative @SEED-KM-30 @DEF-SEED-SCO-08 @needs:admin @needs:devportal @needs:resident @connector:resident
    Scenario: A user without the role of a scope that was registered at the resident key manager does not get it
      Given the administrator has registered the scope "pets-write" for the role "contractors" at the resident key manager
      And the application "shop" with keys at the resident key manager
      When the API consumer requests a token of "shop" from the resident key manager by password for the scope "pets-write"
      Then the granted scope is "default"

  Rule: A scope can be managed whatever its name

    @extended @DEF-153
    Scenario Outline: The shared scope "<name>" can be described anew
      Given a shared scope "<name>" for the role "Internal/subscriber"
      When the publisher describes the shared scope "<name>" as "reworded"
      Then the request is granted
      And the shared scope "<name>" is described as "reworded"

      Examples:
        | name          |
        | pets/write    |
        | pets%2Fwrite  |
        | pets/schön    |

    @extended @DEF-153 @DEF-SEED-KM-30 @APIM-SCO-09
    Scenario Outline: The shared scope "<name>" can be deleted
      Given a shared scope "<name>" for the role "Internal/subscriber"
      When the publisher deletes the shared scope "<name>"
      Then the request is granted
      And there is no shared scope "<name>"

      Examples:
        | name          |
        | pets/write    |
        | pets%2Fwrite  |
        | pets/schön    |

    @extended @APIM-SCO-10 @DEF-SEED-SCO-04
    Scenario: A shared scope can be described anew again and again
      Given a shared scope "pets-write" for the role "Internal/subscriber"
      When the publisher describes the shared scope "pets-write" as "first", as "second" and as "third"
      Then the request is granted
      And the shared scope "pets-write" is described as "third"

    @extended @APIM-SCO-07 @DEF-SEED-SCO-03 @DEF-SEED-REST-01
    Scenario: A shared scope reads as it was created
      When the publisher creates the shared scope "pets-write" for the role "Internal/subscriber"
      Then the request is granted
      And the shared scope "pets-write" is for the role "Internal/subscriber" and shown as "pets-write"

  Rule: A scope counts where an API needs it

    @core @negative @SEED-KM-30/scopes @APIM-SCO-08 @DEF-SEED-SCO-02 @needs:devportal @needs:gateway @needs:resident @connector:resident
    Scenario: An API that comes to need a shared scope refuses tokens without it
      Given a shared scope "pets-write" for the role "Internal/subscriber"
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager
      When the publisher has "orders" need the shared scope "pets-write"
      Then "orders" comes to refuse the token because the scope is missing

    @core @SEED-KM-30/scopes @APIM-SCO-08 @DEF-SEED-SCO-02 @needs:devportal @needs:gateway @needs:resident @connector:resident
    Scenario: An API that no longer needs a shared scope takes tokens without it
      Given a shared scope "pets-write" for the role "Internal/subscriber"
      And an API "orders" that needs the shared scope "pets-write"
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager
      When the publisher has "orders" need no scope
      Then "orders" comes to accept the token

  Rule: A scope has one owner

    @extended @negative @SEED-KM-30/scopes @DEF-SEED-SCO-09 @needs:gateway
    Scenario: An API does not get the scope that another has to itself
      Given an API "orders" that needs the scope "orders-read"
      When the publisher adds an API "pets" with the scope "orders-read" of its own
      Then the request is refused because another API has the scope

    @extended @negative @SEED-KM-30/scopes @DEF-SEED-SCO-09 @needs:gateway
    Scenario: The scope that an API has to itself is not shared
      Given an API "orders" that needs the scope "orders-read"
      When the publisher creates the shared scope "orders-read" for the role "Internal/subscriber"
      Then the request is refused because there is such a scope
      And there is no shared scope "orders-read"

  Rule: A publisher finds the roles that there are

    @extended @APIM-SCO-11 @DEF-SEED-SCO-05
    Scenario Outline: The role "<role>" is found
      When the publisher looks for the role "<role>"
      Then the request is granted

      Examples:
        | role               |
        | admin              |
        | Internal/publisher |

    @extended @negative @APIM-SCO-11 @DEF-SEED-SCO-05
    Scenario: A role that there is not is not found
      When the publisher looks for the role "astronauts"
      Then the request is refused because there is no such role

  Rule: Only publishers name scopes

    @core @negative @APIM-AUTHZ-05 @DEF-SEED-AUTH-01 @needs:devportal
    Scenario: A developer creates no shared scope
      When the developer creates the shared scope "pets-write" for the role "Internal/subscriber"
      Then the request is refused as unauthenticated
      And there is no shared scope "pets-write"
