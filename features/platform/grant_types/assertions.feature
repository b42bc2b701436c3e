@grant-types @needs:admin @needs:devportal @needs:resident @needs:fresh-issuer @connector:custom
Feature: Assertions at the resident key manager
  An issuer whose tokens may be exchanged may vouch for somebody by an assertion as well; a refusal says what was wrong.

  Background:
    Given a key manager "acme" at a custom server with
      | token type  | BOTH    |
      | alias       | traders |
      | certificate | PEM     |
    And the application "shop" with keys at the resident key manager for the grant types "urn:ietf:params:oauth:grant-type:jwt-bearer, client_credentials"

  @extended @APIM-JB-01 @DEF-SEED-TX-01
  Scenario: An assertion of a trusted issuer is worth a token for its subject
    When "shop" presents an assertion of "acme" for the audience "traders"
    Then a token is granted
    And the granted token says "alice" as the claim "sub"

  @extended @negative @DEF-SEED-TX-01
  Scenario Outline: An assertion <flaw> is refused in words that say so
    When "shop" presents an assertion of "acme" for the audience "traders" <flaw>
    Then the token request is refused as "invalid_grant"
    And the refusal says "<words>"

    @APIM-JB-02
    Examples:
      | flaw                      | words                   |
      | that names another issuer | No Registered IDP found |

    @APIM-JB-03
    Examples:
      | flaw             | words                |
      | that has expired | Web Token is expired |

    @APIM-JB-04
    Examples:
      | flaw                      | words                                       |
      | whose claims were altered | Signature or Message Authentication invalid |

  @extended @negative @serial @APIM-SCO-13 @DEF-SEED-SCO-07 @needs:publisher
  Scenario: A scope of a role is withheld from a subject whom no role was mapped to
    Given a shared scope "pets-write" for the role "contractors"
    When "shop" presents, for the scope "pets-write", an assertion of "acme" for the audience "traders"
    Then a token is granted
    And the granted scope is "default"

  @extended @negative @APIM-JB-06 @DEF-SEED-TX-01
  Scenario: An assertion that another key signed is refused
    When "shop" presents an assertion of "acme" for the audience "traders" signed with a foreign key
    Then the token request is refused as "invalid_grant"

  @extended @negative @OAUTH-7523-3-c @DEF-SEED-TX-01
  Scenario: An assertion that is not valid yet is refused
    When "shop" presents an assertion of "acme" for the audience "traders" that is not yet valid
    Then the token request is refused as "invalid_grant"
