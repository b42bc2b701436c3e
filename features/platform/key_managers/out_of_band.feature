@key-managers @needs:admin
Feature: Describing an out-of-band authorization server to the platform
  The platform only validates what such a server issues: it registers nothing there and asks for no tokens.

  Rule: What an administrator enters is kept as entered

    @core @connector:custom @APIM-CRUD-11
    Scenario Outline: The <setting> "<value>" of a custom server is kept as entered
      When the administrator adds a key manager "CustomAuthServer" at a custom server with
        | <setting> | <value> |
      Then the <setting> of "CustomAuthServer" is "<value>"

      @SEED-OOB-10 @DEF-SEED-KM-01
      Examples:
        | setting             | value                             |
        | well-known endpoint | /.well-known/openid-configuration |

      @SEED-OOB-11 @DEF-SEED-KM-01
      Examples:
        | setting | value |
        | issuer  | /     |

      @SEED-OOB-12/token @DEF-SEED-KM-01
      Examples:
        | setting                | value             |
        | token endpoint         | /oauth/token      |

      @SEED-OOB-12/token @DEF-SEED-KM-01
      Examples:
        | setting        | value             |
        | token endpoint | tokens, next door |

      @DEF-SEED-KM-01
      Examples:
        | setting | value       |
        | issuer  | plain words |

      @SEED-OOB-12/revoke @DEF-SEED-KM-01
      Examples:
        | setting                | value             |
        | revoke endpoint        | /oauth/revoke     |

      @SEED-OOB-12/introspection @DEF-SEED-KM-01
      Examples:
        | setting                | value             |
        | introspection endpoint | /oauth/introspect |

      @SEED-OOB-18 @DEF-SEED-KM-01
      Examples:
        | setting | value       |
        | key set | /oauth/keys |

      @SEED-OOB-14/client_id @DEF-SEED-KM-02
      Examples:
        | setting            | value     |
        | consumer key claim | client_id |

      @SEED-OOB-14/azp @DEF-SEED-KM-02
      Examples:
        | setting            | value     |
        | consumer key claim | azp       |

      @SEED-OOB-14/cid @DEF-SEED-KM-02
      Examples:
        | setting            | value     |
        | consumer key claim | cid       |

      @SEED-OOB-15/scope @DEF-SEED-KM-02
      Examples:
        | setting      | value |
        | scopes claim | scope |

      @SEED-OOB-15/scp @DEF-SEED-KM-02
      Examples:
        | setting      | value |
        | scopes claim | scp   |

      @SEED-OOB-09/description @DEF-SEED-KM-06
      Examples:
        | setting     | value                     |
        | description | Customers of the web shop |

    @core @SEED-OOB-20/token_generation @SEED-OOB-20/app_creation @SEED-OOB-20/out_of_band @DEF-SEED-KM-04 @DEF-SEED-KM-05 @connector:custom
    Scenario: The switches of out-of-band mode are kept as entered
      When the administrator adds a key manager "CustomAuthServer" at a custom server with
        | token generation         | off |
        | OAuth app creation     | off |
        | out of band provisioning | on  |
      Then the token generation of "CustomAuthServer" is "off"
      And the OAuth app creation of "CustomAuthServer" is "off"
      And the out of band provisioning of "CustomAuthServer" is "on"

    @core @SEED-OOB-17 @DEF-SEED-KM-07 @connector:custom @APIM-CRUD-13
    Scenario: A certificate is kept as it was pasted
      Given the authorization server "CustomAuthServer", which is a custom server
      When the administrator adds a key manager "CustomAuthServer" at a custom server with
        | certificate | PEM |
      Then the certificate of "CustomAuthServer" is the one that was pasted

    @core @SEED-OOB-19 @DEF-SEED-KM-05 @connector:custom
    Scenario: Tokens are validated by the platform itself unless the administrator says otherwise
      When the administrator adds a key manager "CustomAuthServer" at a custom server with
        | token validation | (none) |
      Then the token validation of "CustomAuthServer" is "self-validated JWT"

  Rule: Only what the platform cannot do without is mandatory

    @core @negative @DEF-SEED-KM-09 @connector:custom
    Scenario Outline: A custom key manager without <setting> is refused
      When the administrator adds a key manager "CustomAuthServer" at a custom server with
        | <setting> | (none) |
      Then the request is refused as malformed
      And there is no key manager "CustomAuthServer"

      @SEED-OOB-09/name
      Examples:
        | setting      |
        | name         |

      @SEED-OOB-09/display_name
      Examples:
        | setting      |
        | display name |

      @SEED-OOB-09/type
      Examples:
        | setting      |
        | type         |

      @SEED-OOB-11
      Examples:
        | setting |
        | issuer  |

      @SEED-OOB-12/token
      Examples:
        | setting        |
        | token endpoint |

    @core @DEF-SEED-KM-12 @connector:custom
    Scenario Outline: A custom key manager does not need <setting>
      When the administrator adds a key manager "CustomAuthServer" at a custom server with
        | <setting> | (none) |
      Then the request is granted
      And the key manager "CustomAuthServer" is listed

      @SEED-OOB-09/description
      Examples:
        | setting     |
        | description |

      @SEED-OOB-10
      Examples:
        | setting             |
        | well-known endpoint |

      @SEED-OOB-12/revoke
      Examples:
        | setting                |
        | revoke endpoint        |

      @SEED-OOB-12/introspection
      Examples:
        | setting                |
        | introspection endpoint |

      @SEED-OOB-12/jwks
      Examples:
        | setting                |
        | key set                |

      @SEED-OOB-16
      Examples:
        | setting     |
        | grant types |

  Rule: An import fills the form from the discovery document

    @core @SEED-OOB-10 @DEF-SEED-KM-14 @needs:fresh-issuer
    Scenario Outline: The import takes the endpoints that <vendor> advertises
      Given the authorization server "CognitoKM", which is <vendor>
      When the administrator imports the settings of "CognitoKM"
      Then the imported settings are those that "CognitoKM" advertises
        | issuer          |
        | token endpoint  |
        | revoke endpoint |
        | key set         |

      @connector:cognito
      Examples:
        | vendor         |
        | Amazon Cognito |

      @connector:auth0
      Examples:
        | vendor |
        | Auth0  |

      @connector:custom
      Examples:
        | vendor          |
        | a custom server |

      @connector:okta
      Examples:
        | vendor |
        | Okta   |

      @connector:keycloak
      Examples:
        | vendor   |
        | Keycloak |

      @connector:pingfederate
      Examples:
        | vendor       |
        | PingFederate |

      @connector:pingone
      Examples:
        | vendor  |
        | PingOne |

      @connector:forgerock
      Examples:
        | vendor    |
        | ForgeRock |

      @connector:asgardeo
      Examples:
        | vendor   |
        | Asgardeo |

    @core @SEED-OOB-05 @SEED-OOB-10 @DEF-SEED-KM-16 @needs:fresh-issuer
    Scenario Outline: The import invents no <setting> that <vendor> does not advertise
      Given the authorization server "CognitoKM", which is <vendor>
      When the administrator imports the settings of "CognitoKM"
      Then the imported <setting> is ""

      @connector:cognito
      Examples:
        | vendor         | setting                      |
        | Amazon Cognito | client registration endpoint |
        | Amazon Cognito | introspection endpoint       |

      @connector:auth0
      Examples:
        | vendor | setting                      |
        | Auth0  | client registration endpoint |
        | Auth0  | introspection endpoint       |

      @connector:entra
      Examples:
        | vendor             | setting                      |
        | Microsoft Entra ID | client registration endpoint |
        | Microsoft Entra ID | introspection endpoint       |
        | Microsoft Entra ID | revoke endpoint              |

      @connector:pingfederate
      Examples:
        | vendor       | setting                      |
        | PingFederate | client registration endpoint |

      @connector:pingone
      Examples:
        | vendor  | setting                      |
        | PingOne | client registration endpoint |
