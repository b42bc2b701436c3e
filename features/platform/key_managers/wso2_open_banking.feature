@key-managers @needs:admin
Feature: Describing WSO2 Identity Server for open banking to the platform
  The values are those of the product's document; a path stands for the place at the server that it describes.

  Rule: What an administrator enters is kept as entered

    @core @DEF-SEED-KM-01
    Scenario Outline: The <setting> of WSO2 Identity Server is kept as entered
      When the administrator adds a key manager "OBKM" at WSO2 Identity Server with
        | <setting> | <value> |
      Then the <setting> of "OBKM" is "<value>"

      @SEED-IS-03
      Examples:
        | setting             | value                                          |
        | well-known endpoint | /oauth2/token/.well-known/openid-configuration |

      @SEED-IS-04
      Examples:
        | setting | value         |
        | issuer  | /oauth2/token |

      @SEED-IS-05/entered
      Examples:
        | setting                      | value                               |
        | client registration endpoint | /keymanager-operations/dcr/register |

      @SEED-IS-06
      Examples:
        | setting                | value              |
        | introspection endpoint | /oauth2/introspect |

      @SEED-IS-07
      Examples:
        | setting        | value         |
        | token endpoint | /oauth2/token |

      @SEED-IS-08/entered
      Examples:
        | setting         | value          |
        | revoke endpoint | /oauth2/revoke |

      @SEED-IS-09/entered
      Examples:
        | setting            | value                          |
        | userinfo endpoint | /oauth2/userinfo?schema=openid |

      @SEED-IS-10/entered
      Examples:
        | setting            | value             |
        | authorize endpoint | /oauth2/authorize |

      @SEED-IS-11/entered
      Examples:
        | setting                   | value                            |
        | scope management endpoint | /api/identity/oauth2/v1.0/scopes |

      @SEED-IS-17
      Examples:
        | setting | value        |
        | key set | /oauth2/jwks |

    @core @SEED-IS-02/name @SEED-IS-02/display_name @SEED-IS-02/type @DEF-SEED-KM-06
    Scenario: A key manager for open banking has the names of the document
      When the administrator adds a key manager "OBKM" at WSO2 Identity Server with
        | display name | OBKM |
      Then the type of "OBKM" is "ObKeyManager"
      And the display name of "OBKM" is "OBKM"

    @core @SEED-IS-02/description @DEF-SEED-KM-12
    Scenario: A description may be left out
      When the administrator adds a key manager "OBKM" at WSO2 Identity Server with
        | description | (none) |
      Then the request is granted
      And the description of "OBKM" is ""

    @core @SEED-IS-12/username @SEED-IS-12/password @DEF-178 @DEF-SEED-KM-08
    Scenario: The password of the authorization server's administrator is never shown again
      When the administrator adds a key manager "OBKM" at WSO2 Identity Server with
        | username  | admin@wso2 |
        | password  | s3cret-Of-The-Server |
      Then the username of "OBKM" is "admin@wso2"
      And the password of "OBKM" is masked
      And no reply to the administrator shows "s3cret-Of-The-Server"

    @core @SEED-IS-31/grant_types @DEF-SEED-KM-03
    Scenario: The grant types that the document asks for are kept as entered
      When the administrator adds a key manager "OBKM" at WSO2 Identity Server with
        | grant types | client_credentials, authorization_code, refresh_token, urn:ietf:params:oauth:grant-type:jwt-bearer |
      Then "OBKM" offers exactly the grant types
        | client_credentials                          |
        | authorization_code                          |
        | refresh_token                               |
        | urn:ietf:params:oauth:grant-type:jwt-bearer |

    @core
    Scenario Outline: A <setting> that is left out takes the documented default
      When the administrator adds a key manager "OBKM" at WSO2 Identity Server with
        | <setting> | (none) |
      Then the <setting> of "OBKM" is "<default>"

      @SEED-IS-31/app_creation @DEF-SEED-KM-04
      Examples:
        | setting            | default |
        | OAuth app creation | off     |

      @SEED-IS-31/out_of_band @DEF-SEED-KM-04
      Examples:
        | setting                  | default |
        | out of band provisioning | off     |

      @SEED-IS-31/token_generation @DEF-SEED-KM-04
      Examples:
        | setting          | default |
        | token generation | off     |

      @SEED-IS-31/validation_method @DEF-SEED-KM-05
      Examples:
        | setting          | default            |
        | token validation | self-validated JWT |

    @core
    Scenario Outline: A <setting> that is switched <position> is shown so
      When the administrator adds a key manager "OBKM" at WSO2 Identity Server with
        | <setting> | <position> |
      Then the <setting> of "OBKM" is "<position>"

      @SEED-IS-18/on @DEF-SEED-KM-05
      Examples:
        | setting          | position |
        | token generation | on       |

      @SEED-IS-18/off @DEF-SEED-KM-04
      Examples:
        | setting          | position |
        | token generation | off      |

      @SEED-IS-19/on @DEF-SEED-KM-05
      Examples:
        | setting                  | position |
        | out of band provisioning | on       |

      @SEED-IS-19/off @DEF-SEED-KM-04
      Examples:
        | setting                  | position |
        | out of band provisioning | off      |

      @SEED-IS-20/on @DEF-SEED-KM-05
      Examples:
        | setting            | position |
        | OAuth app creation | on       |

      @SEED-IS-20/off @DEF-SEED-KM-04
      Examples:
        | setting            | position |
        | OAuth app creation | off      |

  Rule: What was entered is what is used

    Background:
      Given a key manager "OBKM" at WSO2 Identity Server
      And the application "shop"

    @core @needs:devportal @needs:fresh-issuer @SEED-IS-05/used @SEED-KM-13/is @DEF-SEED-CONN-01 @connector:is
    Scenario: A client is registered at the registration endpoint that was entered
      When the developer generates keys for "shop" at "OBKM"
      Then the consumer key is the client id that "OBKM" issued
      And "OBKM" received 1 registration request

    @core @needs:devportal @needs:fresh-issuer @SEED-IS-08/used @SEED-KM-04/revocation @DEF-SEED-CONN-04 @connector:is
    Scenario: A token that is replaced is revoked at the revoke endpoint that was entered
      Given "shop" has keys at "OBKM"
      When the developer has the token of "shop" at "OBKM" replaced
      Then the request is granted
      And "OBKM" received 1 revocation request

  Rule: An import fills the form from the discovery document

    @core @DEF-SEED-KM-14 @needs:fresh-issuer
    Scenario Outline: The import fills in the <setting> of WSO2 Identity Server
      Given the authorization server "OBKM", which is WSO2 Identity Server
      When the administrator imports the settings of "OBKM"
      Then the imported <setting> is "<value>"

      @SEED-IS-03
      Examples:
        | setting             | value                                          |
        | well-known endpoint | /oauth2/token/.well-known/openid-configuration |

      @SEED-IS-04
      Examples:
        | setting | value         |
        | issuer  | /oauth2/token |

      @SEED-IS-06
      Examples:
        | setting                | value              |
        | introspection endpoint | /oauth2/introspect |

      @SEED-IS-07
      Examples:
        | setting        | value         |
        | token endpoint | /oauth2/token |

      @SEED-IS-08
      Examples:
        | setting         | value          |
        | revoke endpoint | /oauth2/revoke |

      @SEED-IS-10/entered
      Examples:
        | setting            | value             |
        | authorize endpoint | /oauth2/authorize |

      @SEED-IS-17
      Examples:
        | setting | value        |
        | key set | /oauth2/jwks |
