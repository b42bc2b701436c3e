@key-managers @needs:admin @connector:is7
Feature: Describing WSO2 Identity Server 7 to the platform
  The values are those of the product's document; a path stands for the place at the server that it describes.

  Rule: What an administrator enters is kept as entered

    @core @DEF-SEED-KM-01
    Scenario Outline: The <setting> of WSO2 Identity Server 7 is kept as entered
      When the administrator adds a key manager "is7" at WSO2 Identity Server 7 with
        | <setting> | <value> |
      Then the <setting> of "is7" is "<value>"

      @SEED-IS7-12/endpoints
      Examples:
        | setting             | value                                          |
        | well-known endpoint | /oauth2/token/.well-known/openid-configuration |

      @SEED-IS7-13
      Examples:
        | setting | value         |
        | issuer  | /oauth2/token |

      @SEED-IS7-14
      Examples:
        | setting                      | value                                  |
        | client registration endpoint | /api/identity/oauth2/dcr/v1.1/register |

      @SEED-IS7-15
      Examples:
        | setting                | value              |
        | introspection endpoint | /oauth2/introspect |

      @SEED-IS7-16/endpoint
      Examples:
        | setting        | value         |
        | token endpoint | /oauth2/token |

      @SEED-IS7-16/display
      Examples:
        | setting                | value         |
        | display token endpoint | /oauth2/token |

      @SEED-IS7-17/endpoint
      Examples:
        | setting         | value          |
        | revoke endpoint | /oauth2/revoke |

      @SEED-IS7-17/display
      Examples:
        | setting                 | value          |
        | display revoke endpoint | /oauth2/revoke |

      @SEED-IS7-18
      Examples:
        | setting            | value     |
        | userinfo endpoint | /scim2/Me |

      @SEED-IS7-19
      Examples:
        | setting            | value     |
        | authorize endpoint | /scim2/Me |

      @SEED-IS7-20/entered
      Examples:
        | setting                   | value                            |
        | scope management endpoint | /api/identity/oauth2/v1.0/scopes |

      @SEED-IS7-30
      Examples:
        | setting | value        |
        | key set | /oauth2/jwks |

    @core @SEED-IS7-11 @DEF-SEED-KM-06
    Scenario: A key manager of type WSO2 Identity Server 7 has the names that were entered
      When the administrator adds a key manager "is7" at WSO2 Identity Server 7 with
        | display name | Workforce login           |
        | description  | Employees and contractors |
      Then the type of "is7" is "WSO2-IS-7"
      And the display name of "is7" is "Workforce login"
      And the description of "is7" is "Employees and contractors"

    @core @DEF-SEED-KM-03 @APIM-CONN-09 @APIM-CRUD-03
    Scenario: The grant types of WSO2 Identity Server 7 are kept as entered
      When the administrator adds a key manager "is7" at WSO2 Identity Server 7 with
        | grant types | password, client_credentials, refresh_token, urn:ietf:params:oauth:grant-type:saml2-bearer, iwa:ntlm, urn:ietf:params:oauth:grant-type:device_code, authorization_code, urn:ietf:params:oauth:grant-type:jwt-bearer, urn:ietf:params:oauth:grant-type:token-exchange |
      Then "is7" offers exactly the grant types
        | password                                        |
        | client_credentials                              |
        | refresh_token                                   |
        | urn:ietf:params:oauth:grant-type:saml2-bearer   |
        | iwa:ntlm                                        |
        | urn:ietf:params:oauth:grant-type:device_code    |
        | authorization_code                              |
        | urn:ietf:params:oauth:grant-type:jwt-bearer     |
        | urn:ietf:params:oauth:grant-type:token-exchange |

    @core @SEED-IS7-31/username @SEED-IS7-31/password @DEF-178 @DEF-SEED-KM-08
    Scenario: The connector's user name is shown and its password is not
      When the administrator adds a key manager "is7" at WSO2 Identity Server 7 with
        | username  | admin |
        | password  | admin |
      Then the username of "is7" is "admin"
      And the password of "is7" is masked

    @core @negative @SEED-IS7-11 @DEF-SEED-KM-09 @APIM-CONN-01
    Scenario Outline: WSO2 Identity Server 7 cannot be added without its <setting>
      When the administrator adds a key manager "is7" at WSO2 Identity Server 7 with
        | <setting> | (none) |
      Then the request is refused because a required setting is missing
      And there is no key manager "is7"

      Examples:
        | setting                          |
        | API resource management endpoint |
        | roles endpoint                   |
        | client registration endpoint     |
        | username                         |
        | password                         |

    @core @negative @SEED-IS7-11 @DEF-SEED-KM-09 @APIM-CRUD-08
    Scenario: WSO2 Identity Server 7 cannot be added without any connector settings
      When the administrator adds a key manager "is7" at WSO2 Identity Server 7 with
        | connector settings | (none) |
      Then the request is refused as malformed
      And there is no key manager "is7"

    @extended @SEED-IS7-09 @DEF-SEED-KM-34 @APIM-CONN-05
    Scenario: A connector that authenticates by mutual TLS needs no password
      When the administrator adds a key manager "is7" at WSO2 Identity Server 7 with
        | authentication     | MutualTLS  |
        | client certificate | ServerWide |
        | identity user      | admin      |
        | username           | (none)     |
        | password           | (none)     |
      Then the authentication of "is7" is "MutualTLS"
      And the identity user of "is7" is "admin"

    @extended @negative @SEED-IS7-09 @DEF-SEED-KM-09 @APIM-CONN-06
    Scenario: A connector that authenticates by mutual TLS names the user that it acts for
      When the administrator adds a key manager "is7" at WSO2 Identity Server 7 with
        | authentication     | MutualTLS  |
        | client certificate | ServerWide |
      Then the request is refused as malformed
      And there is no key manager "is7"

    @extended @APIM-CONN-04 @DEF-SEED-KM-08
    Scenario: The switch of role creation is kept
      When the administrator adds a key manager "is7" at WSO2 Identity Server 7 with
        | role creation | true |
      Then the role creation of "is7" is "true"

  Rule: An import fills the form from the discovery document

    @core @DEF-SEED-KM-14 @needs:fresh-issuer @APIM-DISC-01 @APIM-DISC-02 @APIM-DISC-03 @APIM-DISC-04 @APIM-DISC-05 @APIM-DISC-06 @APIM-DISC-07
    Scenario Outline: The import fills in the <setting> of WSO2 Identity Server 7
      Given the authorization server "is7", which is WSO2 Identity Server 7
      When the administrator imports the settings of "is7"
      Then the imported <setting> is "<value>"

      @SEED-IS7-12/endpoints
      Examples:
        | setting             | value                                          |
        | well-known endpoint | /oauth2/token/.well-known/openid-configuration |

      @SEED-IS7-13
      Examples:
        | setting | value         |
        | issuer  | /oauth2/token |

      @SEED-IS7-14
      Examples:
        | setting                      | value                                  |
        | client registration endpoint | /api/identity/oauth2/dcr/v1.1/register |

      @SEED-IS7-15
      Examples:
        | setting                | value              |
        | introspection endpoint | /oauth2/introspect |

      @SEED-IS7-16/endpoint
      Examples:
        | setting        | value         |
        | token endpoint | /oauth2/token |

      @SEED-IS7-17/endpoint
      Examples:
        | setting         | value          |
        | revoke endpoint | /oauth2/revoke |

      @SEED-IS7-18
      Examples:
        | setting            | value            |
        | userinfo endpoint | /oauth2/userinfo |

      @SEED-IS7-19
      Examples:
        | setting            | value             |
        | authorize endpoint | /oauth2/authorize |

      @SEED-IS7-30 @SEED-IS7-12/certificate
      Examples:
        | setting | value        |
        | key set | /oauth2/jwks |

      @DEF-SEED-KM-38
      Examples:
        | setting | value     |
        | type    | WSO2-IS-7 |

    @core @SEED-IS7-12/grant_types @DEF-SEED-KM-15 @needs:fresh-issuer @APIM-DISC-08
    Scenario: The import fills in the grant types that the server offers
      Given the authorization server "is7", which is WSO2 Identity Server 7
      When the administrator imports the settings of "is7"
      Then the imported grant types are those that "is7" advertises

    @core @SEED-IS7-12/endpoints @DEF-SEED-KM-17 @needs:fresh-issuer
    Scenario: An import stores nothing
      Given the authorization server "is7", which is WSO2 Identity Server 7
      When the administrator imports the settings of "is7"
      Then the request is granted
      And no key manager has the issuer of "is7"

    @core @SEED-IS7-12/endpoints @SEED-IS7-18 @SEED-IS7-19 @DEF-SEED-KM-01 @needs:fresh-issuer
    Scenario: Imported settings are saved with the corrections of the document
      Given the authorization server "is7", which is WSO2 Identity Server 7
      And the administrator has imported the settings of "is7"
      When the administrator saves the import as the key manager "is7" with
        | userinfo endpoint | /scim2/Me |
        | authorize endpoint | /scim2/Me |
      Then the userinfo endpoint of "is7" is "/scim2/Me"
      And the authorize endpoint of "is7" is "/scim2/Me"
      And the token endpoint of "is7" is "/oauth2/token"

    @core @negative @needs:fresh-issuer @SEED-IS7-12/endpoints @DEF-150
    Scenario: What is no discovery document yields no draft
      Given the authorization server "is7", which is WSO2 Identity Server 7
      When the administrator imports the key set of "is7" as if it were its settings
      Then the import is not valid

    @core @negative @needs:fresh-issuer @SEED-IS7-12/endpoints @DEF-150
    Scenario: An import from a server that does not answer yields no draft
      Given the authorization server "is7", which is WSO2 Identity Server 7
      And the authorization server "is7" is down
      When the administrator imports the settings of "is7"
      Then the import is not valid
      And there is no key manager "is7"

  Rule: Developers see the display endpoints

    @core @DEF-SEED-KEYS-14 @needs:devportal @SEED-IS7-16/display @SEED-IS7-17/display @APIM-DISP-01
    Scenario Outline: The developer is shown the <shown> that was entered for display
      Given a described key manager "is7" at WSO2 Identity Server 7 with
        | <setting> | /shown/to/developers |
      When the developer looks at the key managers
      Then the <shown> offered for "is7" is "/shown/to/developers"

      Examples:
        | setting                 | shown           |
        | display token endpoint  | token endpoint  |
        | display revoke endpoint | revoke endpoint |

    @core @DEF-SEED-KEYS-14 @needs:devportal @SEED-IS7-16/display @SEED-IS7-17/display @APIM-DISP-02
    Scenario: Without display endpoints the developer is shown the real ones
      Given a described key manager "is7" at WSO2 Identity Server 7 with
        | display token endpoint  | (none) |
        | display revoke endpoint | (none) |
      When the developer looks at the key managers
      Then the token endpoint offered for "is7" is "/oauth2/token"
      And the revoke endpoint offered for "is7" is "/oauth2/revoke"

    @core @APIM-DISP-02 @DEF-SEED-KEYS-14 @needs:devportal
    Scenario: Display endpoints that are left blank give way to the real ones
      Given a described key manager "is7" at WSO2 Identity Server 7 with
        | display token endpoint  |  |
        | display revoke endpoint |  |
      When the developer looks at the key managers
      Then the token endpoint offered for "is7" is "/oauth2/token"
      And the revoke endpoint offered for "is7" is "/oauth2/revoke"
