@grant-types @needs:publisher @needs:devportal @needs:gateway
Feature: Tokens of the grant types at the gateway
  However a token was granted, it opens the APIs that its application is subscribed to.

  Rule: Each grant type yields a token that the gateway accepts

    @core @smoke @SEED-KM-04/generation @DEF-SEED-GW-03 @APIM-AUD-01 @needs:resident @connector:resident
    Scenario Outline: A token granted by <grant> at the resident key manager opens the API
      Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager by <grant>
      When the API consumer calls "orders" with the token
      Then the backend answers the call

      @SEED-KM-29/client_credentials
      Examples:
        | grant              |
        | client credentials |

      @SEED-KM-29/password @DEF-SEED-RES-18
      Examples:
        | grant    |
        | password |

      @SEED-KM-04/renewal @SEED-KM-27/refresh @DEF-SEED-RES-03 @APIM-TOK-03
      Examples:
        | grant   |
        | refresh |

    @core @APIM-TOK-04 @DEF-SEED-GW-03 @needs:resident @connector:resident
    Scenario: A token of sandbox keys opens the API
      Given an API "orders"
      And the application "shop" with sandbox keys at the resident key manager, subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from the resident key manager
      Then the backend answers the call

    @core @smoke @SEED-IS7-16/endpoint @DEF-SEED-GW-03 @APIM-JWT-01 @needs:admin @needs:fresh-issuer @connector:is7 @APIM-CONN-12 @APIM-KEY-04
    Scenario Outline: A token granted by <grant> at WSO2 Identity Server 7 opens the API
      Given a key manager "acme" at WSO2 Identity Server 7
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme" by <grant>
      When the API consumer calls "orders" with the token
      Then the backend answers the call

      @SEED-IS7-22 @APIM-IS7-TOK-01
      Examples:
        | grant              |
        | client credentials |

      @SEED-IS7-21
      Examples:
        | grant    |
        | password |

      @SEED-IS7-23 @APIM-IS7-TOK-02
      Examples:
        | grant   |
        | refresh |

    @core @SEED-IS-04 @SEED-IS-07 @SEED-IS-17 @SEED-IS-15/client_credentials @DEF-SEED-GW-03 @needs:admin @needs:fresh-issuer @connector:is
    Scenario: A token granted by client credentials at WSO2 Identity Server opens the API
      Given a key manager "acme" at WSO2 Identity Server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme" by client credentials
      When the API consumer calls "orders" with the token
      Then the backend answers the call

    @core @DEF-SEED-GW-03 @needs:admin @needs:fresh-issuer @connector:is
    Scenario Outline: A token granted by <way> at WSO2 Identity Server to a client that was registered for it opens the API
      Given a key manager "acme" at WSO2 Identity Server with
        | grant types | client_credentials, authorization_code, refresh_token, urn:ietf:params:oauth:grant-type:jwt-bearer |
      And the application "shop" with keys at "acme" for the grant types "client_credentials, authorization_code, refresh_token, urn:ietf:params:oauth:grant-type:jwt-bearer", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme" by <way>
      When the API consumer calls "orders" with the token
      Then the backend answers the call

      @SEED-IS-15/authorization_code
      Examples:
        | way                |
        | authorization code |

      @SEED-IS-15/refresh_token
      Examples:
        | way     |
        | renewal |

      @SEED-IS-15/jwt-bearer
      Examples:
        | way       |
        | assertion |

    @core @SEED-IS7-16/endpoint @DEF-SEED-GW-03 @needs:admin @needs:fresh-issuer @connector:is7
    Scenario Outline: A token granted by <way> at WSO2 Identity Server 7 to a client that was registered for it opens the API
      Given a key manager "acme" at WSO2 Identity Server 7 with
        | grant types | client_credentials, <grant type> |
      And the application "shop" with keys at "acme" for the grant types "client_credentials, <grant type>", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme" by <way>
      When the API consumer calls "orders" with the token
      Then the backend answers the call

      @SEED-IS7-27/plain @APIM-IS7-TOK-03
      Examples:
        | way                | grant type         |
        | authorization code | authorization_code |

      @SEED-IS7-27/pkce @APIM-IS7-TOK-04
      Examples:
        | way                          | grant type         |
        | authorization code with PKCE | authorization_code |

      @SEED-IS7-26 @APIM-IS7-TOK-05 @needs:clock
      Examples:
        | way    | grant type                                   |
        | device | urn:ietf:params:oauth:grant-type:device_code |

      @SEED-IS7-28 @APIM-IS7-TOK-06 @APIM-IS7-TOK-10
      Examples:
        | way       | grant type                                  |
        | assertion | urn:ietf:params:oauth:grant-type:jwt-bearer |

      @SEED-IS7-24 @SEED-KM-06/saml @APIM-IS7-TOK-07 @APIM-IS7-TOK-12
      Examples:
        | way            | grant type                                    |
        | SAML assertion | urn:ietf:params:oauth:grant-type:saml2-bearer |

      @SEED-IS7-29
      Examples:
        | way            | grant type                                      |
        | token exchange | urn:ietf:params:oauth:grant-type:token-exchange |

      @SEED-IS7-25
      Examples:
        | way           | grant type |
        | Windows login | iwa:ntlm   |

      @SEED-KM-06/kerberos
      Examples:
        | way             | grant type |
        | Kerberos ticket | kerberos   |

    @core @SEED-KM-25 @SEED-IS7-01 @DEF-SEED-GW-03 @needs:admin @needs:fresh-issuer @needs:resident @connector:is7 @APIM-KEY-14
    Scenario Outline: Tokens of <key manager> open an API that several key managers serve
      Given a key manager "acme" at WSO2 Identity Server 7
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the application "rental" with keys at "acme", subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "<application>" from <key manager>
      Then the backend answers the call

      Examples:
        | key manager              | application |
        | the resident key manager | shop        |
        | "acme"                   | rental      |

  Rule: The backend learns whom a token stands for

    @extended @SEED-IS7-16/endpoint @DEF-SEED-BJ-06 @APIM-BJ-02 @needs:backend-tokens @needs:admin @needs:fresh-issuer @connector:is7
    Scenario Outline: A backend learns whom a token by <grant> at WSO2 Identity Server 7 stands for
      Given a key manager "acme" at WSO2 Identity Server 7
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme" by <grant>
      When the API consumer calls "orders" with the token
      Then the backend learns whom a token by <grant> stands for

      Examples:
        | grant              |
        | client credentials |
        | password           |
        | refresh            |

    @extended @DEF-SEED-BJ-06 @APIM-BJ-02 @needs:backend-tokens @needs:admin @needs:fresh-issuer @connector:is
    Scenario Outline: A backend learns whom a token by <way> at WSO2 Identity Server stands for
      Given a key manager "acme" at WSO2 Identity Server with
        | grant types | client_credentials, authorization_code, refresh_token, urn:ietf:params:oauth:grant-type:jwt-bearer |
      And the application "shop" with keys at "acme" for the grant types "client_credentials, authorization_code, refresh_token, urn:ietf:params:oauth:grant-type:jwt-bearer", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme" by <way>
      When the API consumer calls "orders" with the token
      Then the backend learns whom a token by <way> stands for

      Examples:
        | way                |
        | authorization code |
        | renewal            |
        | assertion          |

    @extended @SEED-IS7-16/endpoint @DEF-SEED-BJ-06 @APIM-BJ-02 @needs:backend-tokens @needs:admin @needs:fresh-issuer @connector:is7
    Scenario Outline: A backend learns whom a token by <way> at WSO2 Identity Server 7 stands for, whose client was registered for it
      Given a key manager "acme" at WSO2 Identity Server 7 with
        | grant types | client_credentials, <grant type> |
      And the application "shop" with keys at "acme" for the grant types "client_credentials, <grant type>", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme" by <way>
      When the API consumer calls "orders" with the token
      Then the backend learns whom a token by <way> stands for

      Examples:
        | way                          | grant type                                      |
        | authorization code           | authorization_code                              |
        | authorization code with PKCE | authorization_code                              |
        | assertion                    | urn:ietf:params:oauth:grant-type:jwt-bearer     |
        | SAML assertion               | urn:ietf:params:oauth:grant-type:saml2-bearer   |
        | token exchange               | urn:ietf:params:oauth:grant-type:token-exchange |
        | Windows login                | iwa:ntlm                                        |
        | Kerberos ticket              | kerberos                                        |

      @needs:clock
      Examples:
        | way    | grant type                                   |
        | device | urn:ietf:params:oauth:grant-type:device_code |

  Rule: Renewal replaces a token without widening it

    @core @serial @SEED-KM-27/refresh @DEF-SEED-RES-03 @DEF-SEED-RES-04 @needs:resident @connector:resident
    Scenario: A renewed token keeps the scope of the first
      Given an API "orders" that needs the scope "orders-read"
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager by password for the scope "orders-read"
      And the API consumer has renewed the token
      When the API consumer calls "orders" with the token
      Then the backend answers the call

    @core @negative @OAUTH-6749-6-b @DEF-SEED-RES-04 @needs:resident @connector:resident
    Scenario: Renewing for a wider scope is refused
      Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager by password for the scope "orders-read"
      When the API consumer renews the token for the scope "orders-write"
      Then the token request is refused as "invalid_scope"
      And "orders" accepts the token
