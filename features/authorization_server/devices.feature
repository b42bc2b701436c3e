@token-endpoint @needs:device-code @needs:clock
Feature: Devices without a browser
  A device shows a code, its user decides elsewhere, and the device asks until it is told.

  Rule: A device is told what to show, and what has been decided

    @core @SEED-IS7-26 @OAUTH-8628-3.1-a @OAUTH-8628-3.2-a @OAUTH-8628-4-a @DEF-SEED-AS-DEVICE-03
    Scenario: A device gets codes, an address to show and a lifetime
      When the device begins
      Then the device answer has these members:
        | member           | form            |
        | device_code      | text            |
        | user_code        | text            |
        | verification_uri | address         |
        | expires_in       | positive number |

    @core @negative @OAUTH-8628-3.5-a @DEF-SEED-AS-DEVICE-01
    Scenario: A device waits until its user has decided
      Given a device of the client
      When the device asks for a token in time
      Then no token is issued
      And the error is "authorization_pending" with status 400

    @core @SEED-IS7-26 @OAUTH-8628-3.4-a @DEF-SEED-AS-DEVICE-04
    Scenario: A device gets a token once its user has approved
      Given a device of the client
      And the user approves the device
      When the device asks for a token in time
      Then a token is issued

    @core @needs:introspection @SEED-IS7-26 @DEF-SEED-AS-WHO-01
    Scenario: A device gets a token of the user who approved
      Given a device of the client
      And the user approves the device
      When the device asks for a token in time
      Then the token is that of the user

    @core @negative @OAUTH-8628-3.5-a @DEF-SEED-AS-DEVICE-05
    Scenario: A device is told that its user has denied
      Given a device of the client
      And the user denies the device
      When the device asks for a token in time
      Then no token is issued
      And the error is "access_denied" with status 400

    @core @negative @OAUTH-8628-3.5-a @DEF-SEED-AS-DEVICE-06
    Scenario: A device is told that its code has ended
      Given a device of the client
      When the device asks for a token after its code has ended
      Then no token is issued
      And the error is "expired_token" with status 400

  Rule: A device asks no faster than it was told to

    @core @negative @OAUTH-8628-3.5-b @DEF-SEED-AS-DEVICE-02
    Scenario: A device that does not wait is told to slow down
      Given a device of the client
      When the device asks for a token twice without waiting
      Then no token is issued
      And the error is "slow_down" with status 400

    @extended @negative @OAUTH-8628-3.5-b @DEF-SEED-AS-DEVICE-02
    Scenario: A device that was told to slow down has to wait longer
      Given a device of the client
      When the device asks too early, and then after the interval it was told at first
      Then no token is issued
      And the error is "slow_down" with status 400

  Rule: A device code is for one device, and once

    @extended @negative @OAUTH-8628-3.4-b @DEF-SEED-AS-DEVICE-07
    Scenario: A device code brings no second token
      Given a device of the client
      And the user approves the device
      When the device asks for a token in time
      And the device asks for a token in time once more
      Then no token is issued

    @core @negative @needs:other-client @OAUTH-8628-3.4-a @DEF-SEED-AS-DEVICE-08
    Scenario: Another client gets nothing for a device code
      Given a device of the client
      And the user approves the device
      When the other client asks for a token with the device code
      Then no token is issued
