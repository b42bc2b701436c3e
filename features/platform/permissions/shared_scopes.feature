@permissions @needs:publisher @serial
Feature: Shared scopes and the roles that carry them
  A publisher names a scope once for the whole tenant and binds it to roles; only their holders get it.

  Rule: A scope goes to the holders of its role

    @core @SEED-KM-30 @DEF-154 @needs:devportal @needs:resident @connector:resident
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

    @extended @DEF-153 @DEF-SEED-KM-30
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
