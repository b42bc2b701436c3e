@key-managers @needs:admin
Feature: Several key managers in a tenant
  Key managers stand side by side, each with a life of its own: added, changed, disabled, deleted.

  Rule: Key managers coexist

    @core @smoke @SEED-IS7-01 @SEED-KM-03 @SEED-KM-05 @SEED-KM-07 @DEF-SEED-KM-22 @needs:resident @APIM-CRUD-09
    Scenario: Third-party key managers stand beside the resident one
      Given a described key manager "is7" at WSO2 Identity Server 7
      And a described key manager "acme" at a custom server
      When the administrator lists the key managers
      Then the key managers "is7", "acme" and the resident one are listed

    @core @SEED-KM-07 @DEF-SEED-KM-06 @DEF-SEED-KM-18 @APIM-CRUD-04
    Scenario: Changing one key manager leaves its neighbour alone
      Given a described key manager "acme" at a custom server with
        | description | untouched |
      And a described key manager "globex" at a custom server
      When the administrator changes the description of "globex" to "reworded"
      Then the description of "globex" is "reworded"
      And the description of "acme" is "untouched"

    @core @negative @SEED-KM-11/other_tenant @DEF-SEED-KM-24 @needs:tenants @APIM-TEN-01
    Scenario: A key manager of another tenant cannot be read
      Given another tenant with a key manager "acme"
      When the administrator reads the key manager "acme" of the other tenant
      Then the request is refused because there is no such key manager

    @core @SEED-KM-11/other_tenant @DEF-SEED-KM-25 @needs:tenants
    Scenario: A key manager of another tenant is not listed
      Given another tenant with a key manager "acme_login"
      When the administrator lists the key managers
      Then the key manager "acme_login" is not listed

    @core @negative @SEED-KM-11/other_tenant @DEF-SEED-KM-24 @needs:tenants
    Scenario: A key manager of another tenant cannot be deleted
      Given another tenant with a key manager "acme"
      When the administrator deletes the key manager "acme" of the other tenant
      Then the request is refused because there is no such key manager
      And the other tenant still has its key manager "acme"

  Rule: An update changes what it names and nothing else

    @core @DEF-151
    Scenario Outline: Saving a key manager at <server> as it was read changes nothing
      Given a described key manager "acme" at <server>
      When the administrator saves "acme" as it was read
      Then the request is granted
      And "acme" reads as before

      @connector:is7
      Examples:
        | server                     |
        | WSO2 Identity Server 7     |

      @connector:custom
      Examples:
        | server          |
        | a custom server |

    @core @SEED-KM-03 @APIM-EN-01
    Scenario Outline: A changed <setting> is kept
      Given a described key manager "acme" at a custom server
      When the administrator changes the <setting> of "acme" to "<value>"
      Then the <setting> of "acme" is "<value>"

      @DEF-SEED-KM-06
      Examples:
        | setting      | value      |
        | display name | Acme login |

      @DEF-SEED-KM-01
      Examples:
        | setting        | value            |
        | token endpoint | /oauth2/v2/token |

      @DEF-SEED-KM-02
      Examples:
        | setting            | value |
        | consumer key claim | azp   |

      @DEF-SEED-KM-04
      Examples:
        | setting | value |
        | enabled | off   |

    @core @DEF-SEED-KM-27 @APIM-EN-01
    Scenario: A disabled key manager can be enabled again
      Given a described key manager "acme" at a custom server with
        | enabled | off |
      When the administrator changes the enabled of "acme" to "on"
      Then the enabled of "acme" is "on"

  Rule: A deleted key manager is gone

    @core @SEED-KM-03 @DEF-SEED-KM-19 @APIM-CRUD-05
    Scenario: A deleted key manager is no longer listed
      Given a described key manager "acme" at a custom server
      And a described key manager "globex" at a custom server
      When the administrator deletes "acme"
      Then there is no key manager "acme"
      And the key manager "globex" is listed

    @core @negative @APIM-CRUD-05 @DEF-SEED-KM-40
    Scenario: A deleted key manager can no longer be read
      Given a described key manager "acme" at a custom server
      And the administrator has deleted "acme"
      When the administrator reads "acme"
      Then the request is refused because there is no such key manager

    @core @negative @SEED-KM-03 @DEF-SEED-KM-21 @APIM-CRUD-06
    Scenario: Deleting a key manager that does not exist is refused
      When the administrator deletes a key manager that does not exist
      Then the request is refused because there is no such key manager

    @core @DEF-143 @DEF-SEED-KM-19
    Scenario: A disabled key manager can be deleted
      Given a described key manager "acme" at a custom server with
        | enabled | off |
      When the administrator deletes "acme"
      Then there is no key manager "acme"

    @core @negative @DEF-142 @needs:devportal @needs:fresh-issuer
    Scenario: A key manager whose keys are in use cannot be deleted
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme"
      When the administrator deletes "acme"
      Then the request is refused because it is in use
      And the key manager "acme" is listed
      And the developer sees keys of "shop" at "acme"

    @core @SEED-KM-14 @DEF-144 @needs:publisher @needs:gateway @needs:fresh-issuer
    Scenario: An API that names a disabled key manager can still be saved
      Given a key manager "acme" at a custom server
      And an API "orders" that accepts only the key manager "acme"
      And the administrator has changed the enabled of "acme" to "off"
      When the publisher saves "orders" as it was read
      Then the request is granted

    @core @SEED-OOB-25 @DEF-SEED-KM-20
    Scenario: The name of a deleted key manager is free again
      Given a described key manager "acme" at a custom server
      And the administrator has deleted "acme"
      When the administrator adds a key manager "acme" at a custom server
      Then the request is granted

  Rule: Only administrators manage key managers

    @core @negative @SEED-IS-01 @DEF-136
    Scenario Outline: <caller> cannot list key managers of the administration
      When <caller> lists the key managers of the administration
      Then the request is refused as unauthenticated

      Examples:
        | caller        |
        | the publisher |
        | the developer |
        | a stranger    |

    @core @negative @SEED-IS-01 @DEF-136 @APIM-AUTHZ-01
    Scenario Outline: <caller> cannot add a key manager
      When <caller> adds a key manager "acme" at a custom server
      Then the request is refused as unauthenticated
      And there is no key manager "acme"

      Examples:
        | caller        |
        | the publisher |
        | the developer |
        | a stranger    |

    @core @negative @SEED-IS-01 @DEF-137
    Scenario Outline: The path "<path>" is no way around for <caller>
      When <caller> lists the key managers of the administration by the path "<path>"
      Then the request is refused because there is no way around

      Examples:
        | caller        | path            |
        | a stranger    | key-managers/   |
        | a stranger    | key-managers;x  |
        | a stranger    | /key-managers   |
        | a stranger    | key-managers%2F |
        | the developer | key-managers/   |
        | the developer | key-managers;x  |

    @core @negative @SEED-IS-01 @DEF-138
    Scenario Outline: The method "<method>" is no way around for <caller>
      When <caller> lists the key managers of the administration by the method "<method>"
      Then the request is refused because there is no way around

      Examples:
        | caller        | method |
        | a stranger    | Get    |
        | a stranger    | gET    |
        | the developer | get    |

    @core @SEED-IS-01 @DEF-SEED-KM-23
    Scenario: The administrator reaches the key managers
      When the administrator lists the key managers
      Then the request is granted
