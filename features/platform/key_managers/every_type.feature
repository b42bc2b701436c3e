@key-managers @needs:admin
Feature: Key managers of every type
  A type says what its connector has to know and which of that is a secret. Whatever else an administrator enters is kept.

  Rule: A type asks for no more than its connector needs

    @core @APIM-CRUD-01 @APIM-CRUD-02 @APIM-CRUD-03 @APIM-CRUD-12 @DEF-SEED-KM-12
    Scenario Outline: A key manager of the type <type> is added with no more than it needs
      When the administrator adds a key manager "acme" of the type "<type>" with no more than it needs
      Then the request is granted
      And the type of "acme" is "<type>"
      And "acme" reads as it was entered, apart from its secrets

      Examples:
        | type         |
        | Auth0        |
        | WSO2-IS      |
        | KeyCloak     |
        | Okta         |
        | PingFederate |
        | Forgerock    |

      @APIM-CONN-03
      Examples:
        | type      |
        | WSO2-IS-7 |

    @core @negative @APIM-CRUD-08 @DEF-SEED-KM-09
    Scenario Outline: A key manager of the type <type> is refused without its connector settings
      When the administrator adds a key manager "acme" of the type "<type>" without connector settings
      Then the request is refused as malformed
      And there is no key manager "acme"

      Examples:
        | type         |
        | Auth0        |
        | WSO2-IS      |
        | KeyCloak     |
        | Okta         |
        | PingFederate |
        | Forgerock    |
        | WSO2-IS-7    |

  Rule: All settings are kept as entered

    @core @APIM-CRUD-07 @DEF-SEED-KM-01 @DEF-SEED-KM-03 @DEF-SEED-KM-06
    Scenario Outline: All settings of a key manager of the type <type> are kept
      When the administrator adds a key manager "acme" of the type "<type>" with all of its settings
      Then the request is granted
      And "acme" reads as it was entered, apart from its secrets

      Examples:
        | type         |
        | Auth0        |
        | WSO2-IS      |
        | KeyCloak     |
        | Okta         |
        | PingFederate |
        | Forgerock    |
        | WSO2-IS-7    |

  Rule: Secrets are masked, and nothing else is

    @core @APIM-MASK-01 @APIM-MASK-02 @DEF-178 @DEF-SEED-KM-08
    Scenario Outline: The secrets of a key manager of the type <type> are masked, and nothing else is
      Given a described key manager "acme" of the type "<type>"
      When the administrator reads "acme"
      Then every secret in the settings of "acme" is masked
      And "acme" reads as it was entered, apart from its secrets

      @APIM-MASK-03
      Examples:
        | type         |
        | Auth0        |
        | WSO2-IS      |
        | KeyCloak     |
        | Okta         |
        | PingFederate |
        | Forgerock    |

      Examples:
        | type      |
        | WSO2-IS-7 |

  Rule: The list says how many there are, and of which type

    @core @APIM-CRUD-09 @APIM-CRUD-10 @DEF-SEED-KM-37
    Scenario: Key managers are listed with their types and counted
      Given a described key manager "acme" of the type "WSO2-IS-7"
      And a described key manager "globex" of the type "Okta"
      When the administrator lists the key managers
      Then the key manager "acme" is listed with the type "WSO2-IS-7"
      And the key manager "globex" is listed with the type "Okta"
      And the list counts its key managers

  Rule: Name and type stay what they are

    @core @negative @APIM-NAME-01 @APIM-NAME-02 @DEF-141
    Scenario Outline: A second key manager of the type <type> under the same name is refused
      Given a described key manager "acme" of the type "<type>"
      When the administrator adds a key manager "acme" of the type "<type>" with all of its settings
      Then the request is refused because the name is taken

      Examples:
        | type      |
        | Auth0     |
        | WSO2-IS-7 |

    @core @negative @APIM-TYPE-01 @DEF-SEED-KM-13
    Scenario: A key manager for WSO2 Identity Server 7 does not become one for Okta
      Given a described key manager "acme" of the type "WSO2-IS-7"
      When the administrator changes the type of "acme" to "Okta"
      Then the request is refused as malformed
      And the type of "acme" is "WSO2-IS-7"
