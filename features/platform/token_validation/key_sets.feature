@token-validation @needs:gateway @needs:fresh-issuer @connector:custom
Feature: What stands in a key set
  A key set may hold keys for other uses, weak ones and plain mistakes beside those that sign tokens.

  Rule: Only keys for signing, and only strong ones, verify tokens

    @core @negative @DEF-016
    Scenario: A key for encryption does not verify a token
      Given the authorization server "acme", which is a custom server
      And "acme" publishes an encryption key beside its own
      And an API that trusts the issuer "acme"
      When the API consumer calls the API with a token of "acme" signed with the encryption key of its issuer
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @negative @DEF-020
    Scenario: A shared secret in a key set does not verify a token
      Given the authorization server "acme", which is a custom server
      And "acme" publishes a shared secret beside its own
      And an API that trusts the issuer "acme"
      When the API consumer calls the API with a token of "acme" signed with the shared secret among the keys of its issuer
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @extended @negative @DEF-017
    Scenario Outline: A key <weakness> does not verify a token
      Given the authorization server "acme", which is a custom server
      And "acme" publishes weak keys beside its own
      And an API that trusts the issuer "acme"
      When the API consumer calls the API with a token of "acme" signed with a key <weakness>
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | weakness              |
        | of 1024 bits          |
        | whose exponent is one |
        | of the ROCA family    |

    @extended @negative @OAUTH-8725-3.1-b @DEF-018
    Scenario Outline: A shared secret in a key set verifies nothing where it is <length>
      Given the authorization server "acme", which is a custom server
      And "acme" publishes <secret> beside its own
      And an API that trusts the issuer "acme"
      When the API consumer calls the API with a token of "acme" signed with the <word> secret among the keys of its issuer
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | length             | secret          | word  |
        | short              | a short secret  | short |
        | nothing            | an empty secret | empty |

    @extended @negative @DEF-019
    Scenario Outline: A key <where> does not verify a token by ES256
      Given the authorization server "acme", which is a custom server
      And "acme" publishes a key <published> beside its own
      And an API that trusts the issuer "acme"
      When the API consumer calls the API with a token of "acme" signed by ES256 with a key <where>
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | where                             | published                           |
        | on another curve                  | on another curve than its algorithm |
        | on another curve and its own hash | on another curve than its algorithm |
        | beside its curve                  | beside its curve                    |

    @extended @negative @DEF-015
    Scenario Outline: A key id that two keys share, the right one <place>, verifies nothing
      Given the authorization server "acme", which is a custom server
      And "acme" publishes two keys of one id beside its own, the right one <place>
      And an API that trusts the issuer "acme"
      When the API consumer calls the API with a token of "acme" signed with one of two keys that share an id
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | place |
        | first |
        | last  |

    @core @negative @OAUTH-8725-3.1-b @DEF-005
    Scenario: A key that names no algorithm is no shared secret
      Given the authorization server "acme", which is a custom server
      And "acme" publishes its own without an algorithm
      And an API that trusts the issuer "acme"
      When the API consumer calls the API with a token of "acme" signed with the published key as "its modulus" for a shared secret
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @core @DEF-030
    Scenario: Keys beside its own do not disturb the tokens of an issuer
      Given an API that trusts the issuer "acme"
      And "acme" signs by "ES256"
      When the API consumer calls the API with a token of "acme"
      Then the backend answers the call

  Rule: Every standard algorithm for public keys is understood

    @core @DEF-029
    Scenario Outline: A token signed by <algorithm> is accepted
      Given an API that trusts the issuer "acme"
      And "acme" signs by "<algorithm>"
      When the API consumer calls the API with a token of "acme"
      Then the backend answers the call

      Examples:
        | algorithm |
        | ES256     |
        | ES384     |
        | EdDSA     |

    @extended @DEF-029
    Scenario: A token signed on the largest standard curve is accepted
      Given an API that trusts the issuer "acme"
      And "acme" signs by "ES512"
      When the API consumer calls the API with a token of "acme"
      Then the backend answers the call

    @extended @negative @DEF-022
    Scenario: An elliptic curve signature in the encoding of certificates is refused
      Given an API that trusts the issuer "acme"
      And "acme" signs by "ES256"
      When the API consumer calls the API with a token of "acme" whose signature is written as DER
      Then the call is refused as unauthenticated
      And the call did not reach the backend

  Rule: No key is fetched from where a token says

    @core @negative @OAUTH-8725-3.10-a @DEF-010
    Scenario: The address of keys in a token is not asked
      Given an API that trusts the issuer "acme"
      And the authorization server "evil", which is a custom server
      When the API consumer calls the API with a token of "acme" and the address of the keys of "evil"
      Then the call is refused as unauthenticated
      And "evil" saw no request during the call
