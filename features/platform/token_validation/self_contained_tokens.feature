@token-validation @needs:gateway
Feature: Validating self-contained tokens
  A self-contained token is judged by the gateway alone: its signature, its issuer and its times.
  Nothing here needs more than a gateway that trusts an issuer.

  Background:
    Given an API that trusts the issuer "acme"

  Rule: A sound token of a trusted issuer opens the API

    @core @smoke @SEED-OOB-04 @SEED-OOB-19 @SEED-OOB-24 @DEF-SEED-GW-03 @APIM-JWT-15
    Scenario: A sound token of a trusted issuer reaches the backend
      When the API consumer calls the API with a token of "acme"
      Then the backend answers the call

    @core @OAUTH-6750-2.1-b @DEF-067
    Scenario Outline: The name of the Bearer scheme is compared without regard to case: <spelling>
      When the API consumer calls the API with a token of "acme" under the scheme "<spelling>"
      Then the backend answers the call

      Examples:
        | spelling |
        | bearer   |
        | BEARER   |

  Rule: A token opens the API only while it is valid

    @core @negative @smoke @SEED-KM-27/expiry @OAUTH-6749-7-a @DEF-032
    Scenario: An expired token is refused
      When the API consumer calls the API with a token of "acme" that has expired
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @DEF-032 @DEF-035
    Scenario: An expiry of zero is a time that has passed
      When the API consumer calls the API with a token of "acme" whose expiry is zero
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @extended @negative @DEF-032 @DEF-038
    Scenario: A token that expired a second ago is refused
      When the API consumer calls the API with a token of "acme" that expired a second ago
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @DEF-033
    Scenario: A token without an expiry is refused
      When the API consumer calls the API with a token of "acme" that never expires
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @DEF-036
    Scenario: A token that is not yet valid is refused
      When the API consumer calls the API with a token of "acme" that is not yet valid
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @OAUTH-6749-7-a @DEF-038
    Scenario: A token within its last minutes still reaches the backend
      When the API consumer calls the API with a token of "acme" that expires in five minutes
      Then the backend answers the call

    @core @negative @DEF-034
    Scenario Outline: An expiry that is <shape> does not make a token valid
      When the API consumer calls the API with a token of "acme" whose expiry is <shape>
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | shape     |
        | text      |
        | a list    |
        | a boolean |

    @extended @negative @DEF-034
    Scenario: A start of validity that is text does not make a token valid
      When the API consumer calls the API with a token of "acme" whose start of validity is text
      Then the call is refused as unauthenticated
      And the call did not reach the backend

  Rule: The signature binds every word of a token

    @core @negative @smoke @OAUTH-8725-3.3-a @DEF-008 @APIM-JWT-02
    Scenario: A token whose claims were altered is refused
      When the API consumer calls the API with a token of "acme" whose claims were altered
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @OAUTH-8725-3.3-a @DEF-008
    Scenario: A token whose signature was altered is refused
      When the API consumer calls the API with a token of "acme" whose signature was altered
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @OAUTH-8725-3.8-a @DEF-008
    Scenario: A token signed with a foreign key is refused
      When the API consumer calls the API with a token of "acme" signed with a foreign key
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @OAUTH-8725-3.3-a @DEF-006
    Scenario: A token whose signature was cut off is refused
      When the API consumer calls the API with a token of "acme" whose signature was cut off
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @OAUTH-8725-3.2-a @DEF-001
    Scenario Outline: A token that declares the algorithm <spelling> is refused
      When the API consumer calls the API with a token of "acme" that declares the algorithm "<spelling>" and is unsigned
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | spelling |
        | none     |
        | nOnE     |

    @core @negative @OAUTH-8725-3.1-b @DEF-002
    Scenario: The published key is never a shared secret
      When the API consumer calls the API with a token of "acme" signed with the published key as a shared secret
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @OAUTH-8725-3.1-a @DEF-004
    Scenario: A token with an unknown algorithm is refused
      When the API consumer calls the API with a token of "acme" that declares the algorithm "XX999" and is unsigned
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @OAUTH-8725-3.1-a @DEF-004
    Scenario Outline: A token with an unknown algorithm over a <kind> signature is refused
      When the API consumer calls the API with a token of "acme" that declares the algorithm "XX999" over a <kind> signature
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | kind   |
        | right  |
        | random |

    @core @negative @OAUTH-8725-3.10-a @DEF-009
    Scenario: A key carried in the token itself is not trusted
      When the API consumer calls the API with a token of "acme" that carries its own key
      Then the call is refused as unauthenticated
      And the call did not reach the backend

  Rule: The key id selects among the issuer's keys and nothing else

    @core @negative @SEED-IS-21 @DEF-013
    Scenario: A token that names an unknown key is refused
      When the API consumer calls the API with a token of "acme" that names an unknown key
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @DEF-008 @DEF-013
    Scenario: A token that names an unknown key and is signed with it is refused
      When the API consumer calls the API with a token of "acme" that names an unknown key and is signed with that
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @extended @negative @OAUTH-8725-3.10-a @DEF-012
    Scenario: A key id that looks like a file path is refused
      When the API consumer calls the API with a token of "acme" that names a file as its key
      Then the call is refused as unauthenticated
      And the call did not reach the backend

  Rule: The issuer is compared as a whole

    @core @negative @smoke @SEED-IS-04 @SEED-OOB-11 @OAUTH-9068-4-b @DEF-042 @DEF-045
    Scenario: A token that names another issuer is refused
      When the API consumer calls the API with a token of "acme" that names another issuer
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @SEED-OOB-11 @OAUTH-8725-3.8-a @DEF-042 @DEF-044
    Scenario Outline: An issuer <difference> is another issuer
      When the API consumer calls the API with a token of "acme" whose issuer is <difference>
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | difference               |
        | cut short by a character |
        | longer by a suffix       |
        | longer by a slash        |
        | in capital letters       |

    @core @negative @DEF-043
    Scenario: A list of issuers is not an issuer
      When the API consumer calls the API with a token of "acme" whose issuer is one of a list
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @OAUTH-9068-4-b @DEF-042
    Scenario: A token without an issuer is refused
      When the API consumer calls the API with a token of "acme" that names no issuer
      Then the call is refused as unauthenticated
      And the call did not reach the backend

  Rule: A token that can be read in two ways is refused

    @extended @negative @DEF-026
    Scenario: A token with an unknown critical header is refused
      When the API consumer calls the API with a token of "acme" that demands an unknown extension
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @extended @negative @DEF-054
    Scenario: A token that names a claim twice is refused
      When the API consumer calls the API with a token of "acme" that names its subject twice
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @DEF-024
    Scenario: A token with a fourth part is refused
      When the API consumer calls the API with a token of "acme" that has a fourth part
      Then the call is refused as unauthenticated
      And the call did not reach the backend

  Rule: Without a usable credential the API stays closed

    @core @negative @smoke @OAUTH-6750-3-a @DEF-078
    Scenario: A call without a token is refused with a challenge
      When the API consumer calls the API without a token
      Then the call is refused as unauthenticated
      And the refusal challenges for a Bearer token
      And the call did not reach the backend

    @core @negative @OAUTH-6750-3-a @DEF-077
    Scenario: A token that is no token is refused
      When the API consumer calls the API with the token "not-a-token"
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @OAUTH-6750-3.1-a @DEF-032 @DEF-078 @DEF-079 @DEF-080
    Scenario: The refusal of a bad token says that the token is invalid
      When the API consumer calls the API with a token of "acme" that has expired
      Then the call is refused as unauthenticated
      And the refusal challenges for a Bearer token
      And the challenge says that the token is invalid
      And the refusal does not repeat the token
      And a token of "acme" signed with a foreign key is refused in the same words

    @extended @negative @OAUTH-6750-2.3-a @DEF-069
    Scenario: A token in the query is no credential
      When the API consumer calls the API with a token of "acme" in the query
      Then the call is refused as unauthenticated
      And the call did not reach the backend
