@introspection @needs:introspection @needs:client-credentials
Feature: Introspection
  What a gateway is told when it asks about a token instead of reading it.

  Rule: A token that is good is active

    @core @smoke @SEED-IS-06 @SEED-IS7-15 @SEED-KM-04/validation @OAUTH-7662-2.1-a @OAUTH-7662-2.2-a @DEF-SEED-AS-INTRO-03 @DEF-SEED-AS-INTRO-04
    Scenario: A new access token is active
      Given an access token issued to the client
      When the OAuth client introspects the token
      Then the answer says that the token is active
      And the answer is served as JSON

    @extended @needs:jwt-access-tokens @SEED-IS-23 @OAUTH-7662-2.2-a @DEF-SEED-AS-INTRO-03
    Scenario: A self-contained token can be introspected as well
      Given a self-contained access token issued to the client
      When the OAuth client introspects the token
      Then the answer says that the token is active

    @core @OAUTH-7662-2.2-c @DEF-110 @DEF-SEED-AS-INTRO-03
    Scenario: What else is said has the right form
      Given an access token issued to the client
      When the OAuth client introspects the token
      Then the answer says that the token is active
      And these members have this form, where they are there:
        | member     | form         |
        | scope      | text         |
        | client_id  | text         |
        | username   | text         |
        | token_type | text         |
        | exp        | whole number |
        | iat        | whole number |
        | nbf        | whole number |
        | sub        | text         |
        | iss        | text         |
        | jti        | text         |

    @core @OAUTH-7662-2.1-b @DEF-SEED-AS-INTRO-02 @DEF-SEED-AS-INTRO-03
    Scenario: A hint that nobody knows does not hide a token
      Given an access token issued to the client
      When the OAuth client introspects the token as a "urn:example:unheard-of"
      Then the answer says that the token is active

    @core @OAUTH-7662-2.1-b @DEF-SEED-AS-INTRO-02 @DEF-SEED-AS-INTRO-03
    Scenario: A wrong hint does not hide a token
      Given an access token issued to the client
      When the OAuth client introspects the token as a "refresh_token"
      Then the answer says that the token is active

  Rule: Whatever is not good is inactive, and nothing else is said

    @core @smoke @negative @OAUTH-7662-2.2-b @OAUTH-7662-2.3-b @DEF-SEED-AS-INTRO-01 @DEF-SEED-AS-INTRO-05
    Scenario: A token that nobody issued is inactive, and that is no error
      When the OAuth client introspects a token that nobody issued
      Then the token is inactive, and nothing else is said

    @core @negative @needs:jwt-access-tokens @OAUTH-7662-4-a @DEF-107 @DEF-SEED-AS-INTRO-01 @DEF-SEED-AS-INTRO-05
    Scenario: A token whose claims were changed is inactive
      Given a self-contained access token issued to the client
      When the OAuth client introspects the token with a claim changed
      Then the token is inactive, and nothing else is said

    @core @negative @needs:jwt-access-tokens @OAUTH-7662-4-a @DEF-107 @DEF-SEED-AS-INTRO-01 @DEF-SEED-AS-INTRO-05
    Scenario: A token without its signature is inactive
      Given a self-contained access token issued to the client
      When the OAuth client introspects the token without its signature
      Then the token is inactive, and nothing else is said

  Rule: Only those who prove themselves are told

    @core @negative @OAUTH-7662-2.1-a @OAUTH-7662-2.3-a @DEF-108
    Scenario: Without credentials nothing is said
      Given an access token issued to the client
      When somebody introspects the token without credentials
      Then introspection is refused with status 401

    @core @negative @OAUTH-7662-2.3-a @DEF-108
    Scenario: With a wrong secret nothing is said
      Given an access token issued to the client
      When the OAuth client introspects the token with a wrong secret
      Then introspection is refused with status 401

    @extended @negative @needs:other-client @needs:password @needs:user-credentials @OAUTH-7662-2.2-b @DEF-109 @DEF-SEED-AS-AUTH-08
    Scenario: Another client is not told who the user is
      Given an access token issued to the client for the user
      When the other client introspects the token
      Then the answer does not name the user
