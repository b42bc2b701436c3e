@application-keys @needs:devportal
Feature: The settings of a client
  Beside its grant types a client of the resident key manager has settings of its own, chosen by the developer.

  Rule: The settings of a client are kept

    @extended @SEED-KM-01 @DEF-SEED-KEYS-18 @APIM-PKCE-01 @needs:resident @connector:resident
    Scenario: Settings that are left out are off
      Given the application "shop"
      When the developer generates keys for "shop" at the resident key manager with these settings:
        | PKCE is mandatory | yes |
      Then the keys have these settings:
        | PKCE is mandatory | yes |
        | plain challenges  | no  |
        | no client secret  | no  |

    @extended @SEED-KM-01 @APIM-PKCE-02 @DEF-SEED-KEYS-18 @needs:resident @connector:resident
    Scenario: Settings are on or off each for itself
      Given the application "shop"
      When the developer generates keys for "shop" at the resident key manager with these settings:
        | PKCE is mandatory | yes |
        | plain challenges  | yes |
      Then the keys have these settings:
        | PKCE is mandatory | yes |
        | plain challenges  | yes |
        | no client secret  | no  |

    @extended @SEED-KM-01 @DEF-SEED-KEYS-18 @APIM-PKCE-03 @needs:resident @connector:resident
    Scenario: Settings that are switched on are on
      Given the application "shop"
      When the developer generates keys for "shop" at the resident key manager with these settings:
        | PKCE is mandatory | yes |
        | plain challenges  | yes |
        | no client secret  | yes |
      Then the keys have these settings:
        | PKCE is mandatory | yes |
        | plain challenges  | yes |
        | no client secret  | yes |
