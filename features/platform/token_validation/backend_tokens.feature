@token-validation @needs:publisher @needs:devportal @needs:gateway @needs:backend-tokens
Feature: What backends are told of callers
  The gateway vouches for the caller in a token of its own: whose application called which API for whom.

  Rule: The gateway signs what it tells

    @core @APIM-BJ-06 @APIM-BJ-07 @DEF-SEED-BJ-01 @DEF-SEED-BJ-05 @needs:resident @connector:resident
    Scenario: What a backend is told is signed
      Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from the resident key manager
      Then the backend answers the call
      And the assertion that the backend saw is signed by "RS256"

    @extended @APIM-BJ-13 @DEF-SEED-BJ-04 @needs:resident @needs:deployment @connector:resident
    Scenario: What a backend is told can be spelt as addresses are
      Given the platform encodes what it tells backends as "base64url"
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from the resident key manager
      Then the assertion that the backend saw has no letters that an address cannot hold
      And the assertion that the backend saw names "shop" as the platform's own claim "applicationname"

  Rule: It tells of application, API and user

    @core @APIM-BJ-08 @DEF-SEED-BJ-03 @needs:resident @connector:resident
    Scenario: A backend learns which application called which API, and who subscribed it
      Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from the resident key manager
      Then the assertion that the backend saw names "shop" as the platform's own claim "applicationname"
      And the assertion that the backend saw names "orders" as the platform's own claim "apiname"
      And the assertion that the backend saw says "1.0.0" as the platform's own claim "version"
      And the assertion that the backend saw says "PRODUCTION" as the platform's own claim "keytype"
      And the assertion that the backend saw names the developer as the platform's own claim "subscriber"

    @extended @APIM-BJ-11 @DEF-SEED-BJ-03 @needs:resident @needs:deployment @connector:resident
    Scenario: A backend learns the profile of the user that was asked for
      Given the user "petra" with
        | givenname    | Petra   |
        | lastname     | Roth    |
        | mobile       | 0070    |
        | organization | harbour |
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager by the password of "petra" for the scope "openid profile"
      When the API consumer calls "orders" with the token
      Then the assertion that the backend saw says "Petra" as the platform's own claim "givenname"
      And the assertion that the backend saw says "Roth" as the platform's own claim "lastname"
      And the assertion that the backend saw says "0070" as the platform's own claim "mobile"
      And the assertion that the backend saw says "harbour" as the platform's own claim "organization"

    @extended @APIM-BJ-10 @DEF-SEED-GW-03 @needs:resident @needs:deployment @connector:resident
    Scenario: A user with a dot in the name calls again and again
      Given the user "ann.lee"
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager by the password of "ann.lee"
      And "orders" has accepted the token
      When the API consumer calls "orders" with the token
      Then the backend answers the call

  Rule: It tells the attributes of the application

    @extended @APIM-BJ-14 @APIM-INT-07 @APIM-TOK-18 @DEF-SEED-BJ-03 @needs:resident @connector:resident
    Scenario Outline: A backend learns the attribute of an application for <kind> tokens
      Given the application "shop" with
        | token type       | <kind> |
        | attribute Region | west   |
      And "shop" has keys at the resident key manager and is subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from the resident key manager
      Then the backend answers the call
      And the assertion that the backend saw says "west" as the attribute "Region"
      And "shop" has the attribute "Region" of "west"

      Examples:
        | kind  |
        | JWT   |
        | OAUTH |

    @extended @APIM-BJ-14 @DEF-SEED-BJ-03 @needs:resident @connector:resident
    Scenario: A backend comes to learn the attribute that was changed
      Given the application "shop" with
        | attribute Region | west |
      And "shop" has keys at the resident key manager and is subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager
      And "orders" has accepted the token
      When the developer changes the attribute "Region" of "shop" to "east"
      Then the request is granted
      And "shop" has the attribute "Region" of "east"
      And "orders" comes to tell its backend "east" as the attribute "Region"

    @extended @APIM-BJ-09 @DEF-SEED-BJ-03 @needs:resident @needs:deployment @connector:resident
    Scenario: An attribute that was left empty is an empty text
      Given the application "shop" with
        | attribute Region | (empty) |
      And "shop" has keys at the resident key manager and is subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from the resident key manager
      Then the assertion that the backend saw says "(empty)" as the attribute "Region"

  Rule: It tells the claims of the token by the platform's names

    @core @SEED-IS-28 @APIM-BJ-01 @DEF-SEED-IS-28 @needs:admin @needs:fresh-issuer
    Scenario: Every mapped claim is told by its local name
      Given a key manager "acme" at a custom server with
        | claim mapping | dept to department, site to location, desk to place |
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that says where its user works
      Then the assertion that the backend saw says "wholesale" as the claim "department"
      And the assertion that the backend saw says "harbour" as the claim "location"
      And the assertion that the backend saw says "17" as the claim "place"

    @core @negative @SEED-IS-28 @APIM-BJ-04 @DEF-SEED-IS-28 @needs:admin @needs:fresh-issuer
    Scenario: No mapped claim is told by its remote name
      Given a key manager "acme" at a custom server with
        | claim mapping | dept to department, site to location, desk to place |
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that says where its user works
      Then the assertion that the backend saw says nothing as the claim "dept"
      And the assertion that the backend saw says nothing as the claim "site"
      And the assertion that the backend saw says nothing as the claim "desk"

    @extended @negative @APIM-BJ-03 @DEF-SEED-BJ-02 @needs:admin @needs:fresh-issuer @needs:deployment
    Scenario: A claim that is kept from backends is not told
      Given the platform keeps the claim "dept" from backends
      And a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that says where its user works
      Then the assertion that the backend saw says nothing as the claim "dept"
      And the assertion that the backend saw says "harbour" as the claim "site"

    @extended @APIM-BJ-05 @DEF-SEED-GW-08 @DEF-SEED-BJ-02 @needs:admin @needs:fresh-issuer @needs:deployment
    Scenario: A claim of the same name in another namespace is told all the same
      Given the platform keeps the claim "dept" from backends
      And a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that names a department of its own and one of acme
      Then the assertion that the backend saw says nothing as the claim "dept"
      And the assertion that the backend saw says "retail" as the claim "urn:acme:dept"

    @extended @APIM-BJ-01 @DEF-SEED-BJ-08 @needs:admin @needs:fresh-issuer
    Scenario: What is mapped to a name counts, whatever else the token says by that name
      Given a key manager "acme" at a custom server with
        | claim mapping | mail to the platform's own email |
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that says its mail address by both names
      Then the assertion that the backend saw says "mapped@acme.example" as the platform's own claim "email"
      And the assertion that the backend saw says nothing as the claim "mail"

    @extended @negative @APIM-BJ-14 @DEF-SEED-BJ-07 @needs:admin @needs:fresh-issuer
    Scenario: No token speaks for the platform
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that speaks of attributes of an application
      Then the assertion that the backend saw names "shop" as the platform's own claim "applicationname"
      And the assertion that the backend saw says nothing as the platform's own claim "applicationAttributes"

    @extended @APIM-BJ-08 @DEF-SEED-GW-63 @needs:admin @needs:fresh-issuer @connector:pingfederate
    Scenario: A backend learns of the user whom PingFederate names beside the subject
      Given a key manager "acme" at PingFederate that registers clients
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme" that names its user in a claim of PingFederate alone
      Then the assertion that the backend saw says "wonder" as the platform's own claim "enduser"
      And the assertion that the backend saw says "APPLICATION_USER" as the platform's own claim "usertype"
