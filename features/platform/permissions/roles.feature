@permissions @needs:admin @needs:devportal @needs:fresh-issuer @connector:is7
Feature: Who may generate keys with a key manager
  A key manager is public, or it allows the holders of some roles, or it denies them.
  Here the other developer holds the role "contractors" and the developer does not.

  Background:
    Given the application "shop"
    And the application "rental" of the other developer

  Rule: ALLOW admits the holders of a named role and nobody else

    @core @smoke @SEED-KM-18 @DEF-148 @DEF-157 @DEF-158
    Scenario Outline: A user with the allowed role generates keys with a key manager named by <name or id>
      Given a key manager "acme" at WSO2 Identity Server 7 that allows only the role "contractors"
      When the other developer generates keys for "rental" at "acme", naming it by <name or id>
      Then the consumer key is the client id that "acme" issued

      Examples:
        | name or id |
        | id         |
        | name       |

    @core @negative @smoke @SEED-KM-18 @DEF-148 @DEF-157 @DEF-158 @DEF-SEED-PERM-02
    Scenario Outline: A user without the allowed role is refused with a key manager named by <name or id>
      Given a key manager "acme" at WSO2 Identity Server 7 that allows only the role "contractors"
      When the developer generates keys for "shop" at "acme", naming it by <name or id>
      Then the request is refused because the key manager is restricted
      And the developer sees no keys of "shop" at "acme"
      And "acme" received no registration request

      Examples:
        | name or id |
        | id         |
        | name       |

    @core @SEED-KM-18 @DEF-SEED-PERM-03
    Scenario: One of several allowed roles is enough
      Given a key manager "acme" at WSO2 Identity Server 7 that allows only the roles "admin" and "contractors"
      When the other developer generates keys for "rental" at "acme"
      Then the consumer key is the client id that "acme" issued

  Rule: DENY turns away the holders of a named role and nobody else

    @core @negative @smoke @SEED-KM-19 @DEF-148 @DEF-157 @DEF-158 @DEF-SEED-PERM-04 @APIM-PERM-01 @APIM-PERM-02
    Scenario Outline: A user with the denied role is refused with a key manager named by <name or id>
      Given a key manager "acme" at WSO2 Identity Server 7 that denies the role "contractors"
      When the other developer generates keys for "rental" at "acme", naming it by <name or id>
      Then the request is refused because the key manager is restricted
      And the other developer sees no keys of "rental" at "acme"
      And "acme" received no registration request

      Examples:
        | name or id |
        | id         |
        | name       |

    @core @SEED-KM-19 @DEF-SEED-PERM-04
    Scenario Outline: A user without the denied role generates keys with a key manager named by <name or id>
      Given a key manager "acme" at WSO2 Identity Server 7 that denies the role "contractors"
      When the developer generates keys for "shop" at "acme", naming it by <name or id>
      Then the consumer key is the client id that "acme" issued

      Examples:
        | name or id |
        | id         |
        | name       |

  Rule: A public key manager serves everybody

    @core @SEED-KM-12 @DEF-SEED-PERM-05
    Scenario: A key manager without permissions is public
      Given a key manager "acme" at WSO2 Identity Server 7
      When the other developer generates keys for "rental" at "acme"
      Then the consumer key is the client id that "acme" issued
      And the permission of "acme" is "PUBLIC"

    @core @SEED-KM-19 @DEF-SEED-KEYS-01 @DEF-SEED-PERM-05
    Scenario: A restricted key manager leaves its neighbour open
      Given a key manager "acme" at WSO2 Identity Server 7 that denies the role "contractors"
      And a key manager "globex" at WSO2 Identity Server 7
      When the other developer generates keys for "rental" at "globex"
      Then the consumer key is the client id that "globex" issued

  Rule: A key manager has one kind of permission

    @core @SEED-KM-20 @DEF-SEED-PERM-04 @DEF-SEED-PERM-06
    Scenario: Denying a role replaces what was allowed
      Given a key manager "acme" at WSO2 Identity Server 7 that allows only the role "admin"
      And the administrator has made "acme" deny the role "contractors"
      When the developer generates keys for "shop" at "acme"
      Then the consumer key is the client id that "acme" issued
      And the permission of "acme" is "DENY contractors"

    @core @SEED-KM-20 @DEF-SEED-PERM-06
    Scenario: Allowing a role replaces what was denied
      Given a key manager "acme" at WSO2 Identity Server 7 that denies the role "contractors"
      And the administrator has made "acme" allow only the role "contractors"
      When the other developer generates keys for "rental" at "acme"
      Then the consumer key is the client id that "acme" issued
      And the permission of "acme" is "ALLOW contractors"

    @core @negative @SEED-KM-18 @SEED-KM-19 @DEF-SEED-PERM-01
    Scenario Outline: A permission that names an unknown role is refused for <kind>
      When the administrator adds a key manager "acme" at a custom server with
        | permission | <kind> nobody-has-this-role |
      Then the request is refused because the role does not exist
      And there is no key manager "acme"

      Examples:
        | kind  |
        | ALLOW |
        | DENY  |

    @core @negative @SEED-KM-19 @APIM-PERM-05 @DEF-SEED-PERM-01 @needs:deployment
    Scenario: A permission does not name a role that only another tenant has
      Given a described key manager "acme" at a custom server with
        | permission | DENY contractors |
      When the administrator of the super tenant adds a key manager "globex" that denies the role "contractors"
      Then the request is refused because the role does not exist

    @core @SEED-KM-19 @APIM-PERM-05 @DEF-SEED-PERM-09 @needs:deployment
    Scenario: A role is denied in its own tenant only
      Given the super tenant has a key manager "acme_login" that denies the role "Internal/subscriber"
      And a key manager "acme_login" at WSO2 Identity Server 7
      When the developer generates keys for "shop" at "acme_login"
      Then the consumer key is the client id that "acme_login" issued

  Rule: A restriction does not reach back

    @core @SEED-KM-21 @DEF-SEED-PERM-07 @needs:gateway @needs:publisher
    Scenario: Keys made before a restriction keep working
      Given a key manager "acme" at WSO2 Identity Server 7
      And "shop" has keys at "acme" and is subscribed to the API "orders"
      And the administrator has made "acme" allow only the role "admin"
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the backend answers the call
      And the developer sees keys of "shop" at "acme"

    @core @negative @SEED-KM-18 @SEED-KM-21 @DEF-SEED-PERM-02 @DEF-SEED-PERM-06
    Scenario: A restriction holds for the next key of the same application
      Given a key manager "acme" at WSO2 Identity Server 7
      And "shop" has keys at "acme"
      And the administrator has made "acme" allow only the role "admin"
      When the developer generates sandbox keys for "shop" at "acme"
      Then the request is refused because the key manager is restricted
      And the developer sees keys of "shop" at "acme"
