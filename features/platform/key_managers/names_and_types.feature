@key-managers @needs:admin
Feature: Naming key managers
  A name is chosen once and stands for one key manager in its tenant; so does its type.

  Rule: A name is unique in its tenant

    @core @negative @smoke @SEED-OOB-25 @DEF-141 @DEF-SEED-KM-06
    Scenario: A second key manager of the same name is refused
      Given a described key manager "acme" at a custom server with
        | description | the first |
      When the administrator adds a key manager "acme" at a custom server with
        | description | the second |
        | issuer      | /another   |
      Then the request is refused because the name is taken
      And the description of "acme" is "the first"

    @core @SEED-OOB-25 @SEED-KM-11/other_tenant @DEF-SEED-KM-26 @needs:tenants
    Scenario: Another tenant may use the same name
      Given another tenant with a key manager "acme_login"
      When the administrator adds a key manager "acme_login" at a custom server
      Then the request is granted

    @core @negative @SEED-OOB-11 @DEF-140
    Scenario: A second key manager of the same issuer is refused
      Given a described key manager "acme" at a custom server with
        | issuer | /realms/one |
      When the administrator adds a key manager "globex" at a custom server with
        | issuer | /realms/one |
      Then the request is refused because the issuer is taken
      And there is no key manager "globex"

    @extended @SEED-OOB-11 @DEF-140 @DEF-145
    Scenario: A disabled key manager may share an issuer
      Given a described key manager "acme" at a custom server with
        | issuer | /realms/one |
      When the administrator adds a key manager "globex" at a custom server with
        | issuer  | /realms/one |
        | enabled | off         |
      Then the request is granted
      And the key manager "globex" is listed

  Rule: Name and type stay what they are

    @core @negative @DEF-SEED-KM-13 @APIM-TYPE-01
    Scenario Outline: The <setting> of a key manager cannot be changed
      Given a described key manager "acme" at a custom server
      When the administrator changes the <setting> of "acme" to "<value>"
      Then the request is refused as malformed
      And the <setting> of "acme" is "<kept>"

      Examples:
        | setting | value  | kept   |
        | name    | globex | acme   |
        | type    | Okta   | custom |

    @core @negative @SEED-IS-02/type @DEF-SEED-KM-10
    Scenario: A key manager of an unknown type is refused
      When the administrator adds a key manager "acme" at a custom server with
        | type | no-such-type |
      Then the request is refused because the type is unknown
      And there is no key manager "acme"

  Rule: Texts have their limits

    @core @negative @DEF-SEED-KM-11
    Scenario Outline: A <setting> of <length> characters is too long
      When the administrator adds a key manager "acme" at a custom server with
        | <setting> | (<length> characters) |
      Then the request is refused as malformed
      And there is no key manager "acme"

      @SEED-OOB-09/name
      Examples:
        | setting | length |
        | name    | 101    |

      @SEED-OOB-09/display_name
      Examples:
        | setting      | length |
        | display name | 101    |

      @SEED-OOB-09/description
      Examples:
        | setting     | length |
        | description | 257    |

    @core @SEED-OOB-09/description @DEF-SEED-KM-06
    Scenario: A description of 256 characters is kept whole
      When the administrator adds a key manager "acme" at a custom server with
        | description | (256 characters) |
      Then the description of "acme" is "(256 characters)"

  Rule: Some settings are made for good

    @extended @negative @connector:entra @SEED-KM-13/entra @DEF-SEED-KM-42
    Scenario: The token version of a key manager at Microsoft Entra ID is not changed afterwards
      Given a key manager "acme" at Microsoft Entra ID that registers clients
      When the administrator changes the token version of "acme" to "v1.0"
      Then the request is refused
      And the token version of "acme" is "v2.0"

  Rule: A tenant may say where its key managers are

    @extended @negative @serial @needs:deployment @SEED-KM-03 @DEF-SEED-KM-43
    Scenario: A key manager at a host that is not on the list is refused
      Given the administrator lets key managers be at hosts like "*.partner.example" only
      When the administrator adds a key manager "acme" at a custom server
      Then the request is refused as malformed
      And there is no key manager "acme"
