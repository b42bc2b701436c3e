@permissions @needs:devportal
Feature: Users
  Users log in with a name and a password, and change the password themselves. Where a platform takes mail addresses for
  names, what follows the last @ is still the tenant.

  Rule: A changed password is the only one

    @core @APIM-USR-01 @DEF-SEED-USR-01 @needs:deployment
    Scenario: A new password lets in and the old one does not
      When the developer changes the password
      Then the developer logs in with the new password
      And the old password lets nobody in

  Rule: A mail address is a name where the platform takes it

    @extended @APIM-USR-03 @DEF-SEED-USR-02 @needs:admin @needs:publisher @needs:deployment
    Scenario Outline: Called by a mail address, the <user> is at home in the own plane
      Given the platform takes mail addresses for the names of users
      And the <user> is called by a mail address
      When the <user> logs in
      Then the request is granted
      And the <user> is at home in the own plane

      Examples:
        | user          |
        | developer     |
        | publisher     |
        | administrator |

    @extended @APIM-USR-04 @DEF-SEED-APP-10 @needs:deployment
    Scenario: An application names its owner in full
      Given the platform takes mail addresses for the names of users
      And the developer is called by a mail address
      When the developer creates the application "shop"
      Then the request is granted
      And the developer owns "shop" under the full name

    @extended @APIM-USR-06 @DEF-SEED-USR-02 @needs:publisher @needs:gateway @needs:resident @needs:deployment @connector:resident
    Scenario: A user who is called by a mail address gets tokens that open an API again and again
      Given the platform takes mail addresses for the names of users
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the developer is called by a mail address
      And the API consumer holds a token of "shop" from the resident key manager by password
      When the API consumer calls "orders" with the token
      Then the backend answers the call
      And "orders" accepts the token

    @extended @APIM-USR-05 @DEF-SEED-USR-03 @needs:publisher @needs:gateway @needs:deployment
    Scenario: A name with one @ leads to the super tenant
      Given the platform takes mail addresses for the names of users
      And the super tenant has a user called "ann@mail.example"
      And an API "orders" of the super tenant that takes the passwords of users
      When the API consumer calls "orders" in the name of that user
      Then the backend answers the call

    @extended @negative @APIM-USR-05 @DEF-SEED-USR-03 @needs:publisher @needs:gateway @needs:deployment
    Scenario: A user of the super tenant opens no API of another tenant
      Given the platform takes mail addresses for the names of users
      And the super tenant has a user called "ann@mail.example"
      And an API "orders" of the own tenant that takes the passwords of users
      When the API consumer calls "orders" in the name of that user
      Then the call is refused because there is no subscription

    @extended @APIM-USR-07 @DEF-SEED-USR-01 @needs:publisher @needs:gateway @needs:deployment
    Scenario: Of a user who is called by a mail address the new password opens an API and the old one does not
      Given the platform takes mail addresses for the names of users
      And the developer is called by a mail address
      And an API "orders" of the own tenant that takes the passwords of users
      When the developer changes the password
      Then "orders" comes to accept the developer's new password
      And "orders" comes to refuse the developer's old password
