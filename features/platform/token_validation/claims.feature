@token-validation @needs:admin @needs:publisher @needs:devportal @needs:gateway @needs:fresh-issuer
Feature: The claims that name the consumer and its scopes
  Vendors name the client and the scopes differently; the key manager says which claim to read.

  Rule: The consumer key is read from the configured claim

    @core @SEED-IS-13 @SEED-OOB-24 @DEF-SEED-GW-03
    Scenario Outline: The consumer key is found in the claim "<claim>" of a token
      Given a key manager "acme" at a custom server with
        | consumer key claim | <claim> |
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that names its client only in "<claim>"
      Then the backend answers the call

      @SEED-OOB-14/client_id
      Examples:
        | claim     |
        | client_id |

      @SEED-OOB-14/azp
      Examples:
        | claim |
        | azp   |

      @SEED-OOB-14/cid @DEF-056
      Examples:
        | claim |
        | cid   |

    @core @negative @SEED-OOB-14/cid @DEF-056
    Scenario: A client named in another claim is not the consumer
      Given a key manager "acme" at a custom server with
        | consumer key claim | cid |
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that names its client only in "client_id"
      Then the call is refused because there is no subscription
      And the call did not reach the backend

    @core @SEED-OOB-24 @DEF-SEED-GW-03 @APIM-TT-05 @APIM-MAP-07
    Scenario Outline: A token shaped by <vendor> is attributed to the mapped application
      Given a key manager "acme" at <vendor>
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the backend answers the call

      @connector:cognito @SEED-OOB-01/cognito @SEED-KM-24/cloud
      Examples:
        | vendor         |
        | Amazon Cognito |

      @connector:auth0 @SEED-OOB-01/auth0 @SEED-KM-24/cloud
      Examples:
        | vendor |
        | Auth0  |

      @connector:custom @SEED-KM-24/custom
      Examples:
        | vendor          |
        | a custom server |

      @connector:entra @SEED-OOB-01/entra @SEED-KM-24/enterprise
      Examples:
        | vendor                            |
        | Microsoft Entra ID                |
        | Microsoft Entra ID with v1 tokens |

      @connector:pingfederate @SEED-OOB-01/pingidentity @SEED-KM-24/enterprise
      Examples:
        | vendor       |
        | PingFederate |

      @connector:pingone @SEED-OOB-01/pingidentity @SEED-KM-24/cloud
      Examples:
        | vendor  |
        | PingOne |

      @connector:okta @SEED-OOB-14/cid @SEED-KM-24/cloud @DEF-056
      Examples:
        | vendor |
        | Okta   |

      @connector:keycloak @SEED-OOB-14/azp @SEED-KM-24/enterprise
      Examples:
        | vendor   |
        | Keycloak |

      @connector:forgerock @SEED-KM-24/enterprise
      Examples:
        | vendor    |
        | ForgeRock |

      @connector:asgardeo @SEED-OOB-14/azp @SEED-KM-24/cloud
      Examples:
        | vendor   |
        | Asgardeo |

    @core @negative @SEED-OOB-11 @DEF-045 @connector:entra
    Scenario: A token of Microsoft's first version does not belong to a key manager of the second
      Given a key manager "acme" at Microsoft Entra ID with v1 tokens
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the administrator has changed the issuer of "acme" to "/5a1c7e0d-3f5b-4a86-9b1e-6d2c8f0a4b17/v2.0"
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

  Rule: Scopes are read from the configured claim, whatever their shape

    @core @serial @SEED-IS-14 @DEF-050 @DEF-SEED-GW-09
    Scenario Outline: A scope given as <shape> in the claim "<claim>" opens the operation
      Given a key manager "acme" at a custom server with
        | scopes claim | <claim> |
      And an API "orders" that needs the scope "orders-read"
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that carries the scope "orders-read" as <shape> in "<claim>"
      Then the backend answers the call

      @SEED-OOB-15/scope
      Examples:
        | claim | shape |
        | scope | text  |
        | scope | list  |

      @SEED-OOB-15/scp
      Examples:
        | claim | shape |
        | scp   | text  |
        | scp   | list  |

    @core @serial @SEED-IS-14 @SEED-KM-30/scopes
    Scenario Outline: A scope that <vendor> granted opens the operation
      Given the authorization server "acme", which is <vendor>
      And "acme" knows the scope "orders-read"
      And a key manager "acme" at <vendor>
      And an API "orders" that needs the scope "orders-read"
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" for the scope "orders-read"
      Then the backend answers the call

      @connector:cognito @SEED-OOB-15/scope @DEF-SEED-GW-09
      Examples:
        | vendor         |
        | Amazon Cognito |

      @connector:auth0 @SEED-OOB-15/scope @DEF-SEED-GW-09
      Examples:
        | vendor |
        | Auth0  |

      @connector:custom @SEED-OOB-15/scope @DEF-SEED-GW-09
      Examples:
        | vendor          |
        | a custom server |

      @connector:okta @SEED-OOB-15/scp @DEF-050
      Examples:
        | vendor |
        | Okta   |

      @connector:keycloak @SEED-OOB-15/scope @DEF-SEED-GW-09
      Examples:
        | vendor   |
        | Keycloak |

      @connector:pingfederate @SEED-OOB-15/scope @DEF-SEED-GW-09
      Examples:
        | vendor       |
        | PingFederate |

      @connector:pingone @SEED-OOB-15/scope @DEF-SEED-GW-09
      Examples:
        | vendor  |
        | PingOne |

      @connector:forgerock @SEED-OOB-15/scope @DEF-050
      Examples:
        | vendor    |
        | ForgeRock |

      @connector:asgardeo @SEED-OOB-15/scope @DEF-SEED-GW-09
      Examples:
        | vendor   |
        | Asgardeo |

      # Roles of an application stand in for scopes, as a list.
      @connector:entra @DEF-050 @DEF-SEED-GW-03
      Examples:
        | vendor                            |
        | Microsoft Entra ID                |
        | Microsoft Entra ID with v1 tokens |

    @core @negative @serial @SEED-OOB-15/scp @SEED-KM-30/scopes @DEF-049
    Scenario: A scope in another claim opens nothing
      Given a key manager "acme" at a custom server with
        | scopes claim | scp |
      And an API "orders" that needs the scope "orders-read"
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that carries the scope "orders-read" as text in "scope"
      Then the call is refused because the scope is missing
      And the call did not reach the backend

    @core @negative @serial @SEED-KM-30/scopes @OAUTH-6749-7-a @APIM-SCO-02 @DEF-051
    Scenario Outline: The scope "<near miss>" is not the scope "orders-read"
      Given a key manager "acme" at a custom server
      And an API "orders" that needs the scope "orders-read"
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that carries the scope "<near miss>" as text in "scope"
      Then the call is refused because the scope is missing
      And the call did not reach the backend

      Examples:
        | near miss        |
        | orders           |
        | orders-readonly  |
        | ORDERS-READ      |
        | more.orders-read |

  Rule: A token opens only what it was meant for

    @core @negative @OAUTH-8725-3.9-a @OAUTH-9068-4-b @DEF-039 @APIM-AUD-02
    Scenario: A token for another audience is refused
      Given a key manager "acme" at a custom server
      And an API "orders" that accepts only the audience "urn:orders"
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" for the audience "urn:billing"
      Then the call is refused because the audience does not match
      And the call did not reach the backend

    @core @OAUTH-8725-3.9-a @DEF-SEED-GW-03
    Scenario Outline: A token that names the audience <shape> is accepted
      Given a key manager "acme" at a custom server
      And an API "orders" that accepts only the audience "urn:orders"
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" for the audience "<audience>"
      Then the backend answers the call

      Examples:
        | shape         | audience                |
        | alone         | urn:orders              |

      @DEF-041
      Examples:
        | shape         | audience                |
        | among several | urn:billing, urn:orders |

    @core @negative @OAUTH-8725-3.9-a @DEF-106
    Scenario: A token accepted at one API is refused at an API for another audience
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And an API "billing" that accepts only the audience "urn:billing", to which "shop" is subscribed
      And the API consumer holds a token of "shop" from "acme", which "orders" has accepted
      When the API consumer calls "billing" with the token
      Then the call is refused because the audience does not match
      And the call did not reach the backend

    @core @negative @OAUTH-9068-5-a @DEF-046 @connector:cognito
    Scenario: An ID token is not an access token
      Given a key manager "acme" at Amazon Cognito
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with the ID token of "shop" from "acme"
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @DEF-040
    Scenario: One of several audiences of an API is enough
      Given a key manager "acme" at a custom server
      And an API "orders" that accepts only the audience "urn:orders, urn:stock"
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" for the audience "urn:stock"
      Then the backend answers the call

    @core @negative @OAUTH-8725-3.9-a @APIM-AUD-04 @DEF-SEED-SCO-02
    Scenario: An audience that is asked for later counts once the API was deployed anew
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      When the publisher has "orders" accept only the audience "urn:billing"
      Then "orders" comes to refuse the token because the audience does not match

    @core @OAUTH-8725-3.9-a @APIM-AUD-03 @APIM-AUD-04 @APIM-TOK-19 @DEF-SEED-SCO-02 @needs:resident
    Scenario: A token of the platform is meant for its own client
      Given an API "orders" that accepts only the audience "urn:billing"
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      When the publisher has "orders" accept only the client of "shop" as audience
      Then "orders" comes to accept a new token of "shop" from the resident key manager

    @core @negative @OAUTH-9068-5-a @APIM-JWT-12 @DEF-SEED-JWT-01 @needs:resident @needs:deployment
    Scenario: An ID token of the platform is none where every token has to say that it is an access token
      Given the platform demands of every token that it says it is an access token
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the user "nora"
      And the API consumer holds a token of "shop" from the resident key manager by the password of "nora" for the scope "openid"
      And "orders" has accepted the token
      When the API consumer calls "orders" with the ID token that came with it
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @OAUTH-8725-3.9-a @DEF-039
    Scenario Outline: A token whose audience is <shape> is for nobody
      Given a key manager "acme" at a custom server
      And an API "orders" that accepts only the audience "urn:orders"
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" whose audience is <shape>
      Then the call is refused because the audience does not match
      And the call did not reach the backend

      Examples:
        | shape         |
        | an empty list |
        | an empty text |
        | missing       |

    @extended @negative @DEF-041
    Scenario Outline: A token whose audience is <shape> is malformed
      Given a key manager "acme" at a custom server
      And an API "orders" that accepts only the audience "urn:orders"
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" whose audience is <shape>
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

      Examples:
        | shape                      |
        | a list with a number in it |
        | nothing                    |

    @extended @negative @serial @DEF-055
    Scenario: A scope does not end at a NUL
      Given a key manager "acme" at a custom server
      And an API "orders" that needs the scope "orders-read"
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that carries the scope "orders-read(NUL)" as text in "scope"
      Then the call is refused because the scope is missing
      And the call did not reach the backend

  Rule: Backends learn claims by the platform's names

    @core @SEED-IS-28 @DEF-SEED-IS-28 @APIM-BJ-04 @needs:backend-tokens
    Scenario: A mapped claim reaches the backend under its local name only
      Given a key manager "acme" at a custom server with
        | claim mapping | dept to department |
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that names its department
      Then the backend answers the call
      And the assertion that the backend saw says "wholesale" as the claim "department"
      And the assertion that the backend saw says nothing as the claim "dept"

    @core @SEED-IS-28 @DEF-SEED-GW-08 @APIM-BJ-02 @needs:backend-tokens
    Scenario: A claim without a mapping reaches the backend under its own name
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that names its department
      Then the backend answers the call
      And the assertion that the backend saw says "wholesale" as the claim "dept"
      And the assertion that the backend saw says "PRODUCTION" as the platform's own claim "keytype"

    @core @negative @OAUTH-9068-4-b @DEF-SEED-GW-60 @connector:forgerock
    Scenario: A refresh token of ForgeRock is not an access token
      Given a key manager "acme" at ForgeRock that registers clients
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that says it is a refresh token
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

  Rule: A claim that decides something is of its kind

    @extended @negative @SEED-IS-13 @SEED-IS-14 @DEF-SEED-GW-61
    Scenario Outline: A token <whose claim is of another kind> is refused
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" <whose claim is of another kind>
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

      Examples:
        | whose claim is of another kind             |
        | whose scope is a number                    |
        | whose scope is nothing                     |
        | whose scope is a list with a number in it  |
        | whose client is a list with a number in it |
