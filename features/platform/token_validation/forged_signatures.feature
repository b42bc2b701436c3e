@token-validation @needs:gateway
Feature: Forged signatures
  A signature counts when a key that the issuer publishes for signing made it, by the algorithm of that key, and spelt as the
  standard says. Everything else is a forgery, however clever.

  Background:
    Given an API that trusts the issuer "acme"

  Rule: The key decides about the algorithm, not the token

    @core @negative @OAUTH-8725-3.1-b @DEF-002
    Scenario Outline: The published key as <form> is not a shared secret
      When the API consumer calls the API with a token of "acme" signed with the published key as "<form>" for a shared secret
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | form                            |
        | PEM                             |
        | PEM without its last line break |
        | DER                             |
        | its entry of the key set        |
        | its modulus                     |
        | its certificate                 |

    @extended @negative @OAUTH-8725-3.1-b @DEF-003
    Scenario: A line break before the key does not make it a shared secret
      When the API consumer calls the API with a token of "acme" signed with the published key as "PEM after a line break" for a shared secret
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @OAUTH-8725-3.1-a @DEF-021
    Scenario Outline: A token by <algorithm> is refused where the key signs by RS256
      When the API consumer calls the API with a token of "acme" signed by the algorithm "<algorithm>"
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | algorithm |
        | PS256     |
        | RS512     |

  Rule: A signature has one form

    @core @negative @DEF-007
    Scenario Outline: <length> signature of zeros verifies nothing
      When the API consumer calls the API with a token of "acme" that declares an elliptic curve over a <kind> of zeros
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | length  | kind            |
        | A full  | signature       |
        | A short | short signature |

    @extended @negative @DEF-022
    Scenario Outline: A signature <flaw> is refused
      When the API consumer calls the API with a token of "acme" whose signature <flaw>
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | flaw                 |
        | has a zero before it |
        | has a zero behind it |

    @extended @negative @DEF-023
    Scenario Outline: A signature spelt <spelling> is refused
      When the API consumer calls the API with a token of "acme" whose signature is spelt <spelling>
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | spelling              |
        | with padding          |
        | in the other alphabet |
        | with stray bits       |

  Rule: No key comes with the token

    @core @negative @OAUTH-8725-3.10-a @DEF-011
    Scenario: A certificate carried in the token itself is not trusted
      When the API consumer calls the API with a token of "acme" that carries its own certificate
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @extended @negative @OAUTH-8725-3.10-a @DEF-012
    Scenario Outline: A key id that looks like <what> is refused
      When the API consumer calls the API with a token of "acme" that names the key "<key>"
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | what       | key                             |
        | a query    | ' UNION SELECT 'secret          |
        | an address | //evil.example.org/keys/1       |
        | an essay   | (10000 letters)                 |
        | a cut text | key(NUL)                        |
