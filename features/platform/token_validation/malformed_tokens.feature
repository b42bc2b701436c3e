@token-validation @needs:gateway
Feature: Tokens that are not what they should be
  A token has one form and says what kind it is; whatever deviates is refused without a fault of the server.

  Background:
    Given an API that trusts the issuer "acme"

  Rule: A token has three parts, written down compactly

    @core @negative @DEF-024
    Scenario Outline: A token that <flaw> is refused
      When the API consumer calls the API with a token of "acme" that <flaw>
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | flaw                 |
        | ends in a dot        |
        | lacks its second dot |

    @extended @negative @DEF-025 @DEF-077
    Scenario: A flood of dots is refused as any other token
      When the API consumer calls the API with a token of "acme" that is a flood of dots
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @DEF-027
    Scenario Outline: A token that <flaw> is no signed token
      When the API consumer calls the API with a token of "acme" that <flaw>
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | flaw                              |
        | is encrypted for its issuer       |
        | wraps a signed one for its issuer |

    @extended @negative @DEF-081
    Scenario Outline: A token that <flaw> is refused as any other
      When the API consumer calls the API with a token of "acme" that <flaw>
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | flaw                              |
        | takes a million rounds to decrypt |
        | unpacks to megabytes              |
        | nests a thousand lists            |

    @core @negative @DEF-028
    Scenario Outline: A token <form> is refused
      When the API consumer calls the API with a token of "acme" that is written as <form>
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | form                          |
        | an object                     |
        | an object with its signatures |

    @extended @negative @DEF-054
    Scenario: A token that names its algorithm twice is refused
      When the API consumer calls the API with a token of "acme" that names its algorithm twice
      Then the call is refused as unauthenticated
      And the call did not reach the backend

  Rule: Only an access token opens an API

    @core @negative @OAUTH-9068-4-b @DEF-048
    Scenario Outline: A token of the type <type> is refused
      When the API consumer calls the API with a token of "acme" that says it is of the type "<type>"
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | type         |
        | logout+jwt   |
        | dpop+jwt     |
        | secevent+jwt |

      # Only `application/` may be left out of a type.
      Examples:
        | type        |
        | text/jwt    |
        | evil/at+jwt |
        | a/b/jwt     |

    @core @negative @DEF-057
    Scenario: A token that is bound to a certificate is no bearer token
      When the API consumer calls the API with a token of "acme" that is bound to a certificate
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @DEF-058
    Scenario: A token that is bound to a key is no bearer token
      When the API consumer calls the API with a token of "acme" that is bound to a key
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @extended @negative @DEF-059
    Scenario: A token that is bound to a key is refused with the proof of another
      When the API consumer calls the API with a bound token of "acme" and the proof of another key
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @extended @negative @DEF-060
    Scenario: A proof that was used before proves nothing
      When the API consumer calls the API with a bound token of "acme" and a proof that was used before
      Then the call is refused as unauthenticated
      And the call did not reach the backend

  Rule: Times are plain numbers

    @core @negative @DEF-035
    Scenario Outline: An expiry that is <flaw> is not a time to come
      When the API consumer calls the API with a token of "acme" whose expiry is <flaw>
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | flaw                       |
        | negative                   |
        | past in milliseconds       |
        | the largest number and one |

    @core @negative @DEF-034
    Scenario: An expiry that is nothing does not make a token valid
      When the API consumer calls the API with a token of "acme" whose expiry is nothing
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @extended @negative @DEF-077
    Scenario: An expiry beyond all numbers does not make a token valid
      When the API consumer calls the API with a token of "acme" whose expiry is beyond all numbers
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @extended @negative @DEF-037
    Scenario: A token that was issued in an hour is refused
      When the API consumer calls the API with a token of "acme" that was issued in an hour
      Then the call is refused as unauthenticated
      And the call did not reach the backend

  Rule: Claims that a token has for itself change nothing

    @core @DEF-053
    Scenario: A list among a token's own claims is no fault
      When the API consumer calls the API with a token of "acme" that lists its roles
      Then the backend answers the call
