@application-keys @needs:devportal
Feature: Applications
  An application belongs to the developer who created it. Its name is unique among the owner's, and others see it only
  where it is shared with them.

  Rule: An application is created, described and deleted by its owner

    @core @APIM-APP-01 @DEF-SEED-APP-01
    Scenario: A description is kept
      Given the application "shop"
      When the developer describes the application "shop" as "of the spring season"
      Then the request is granted
      And the application "shop" is described as "of the spring season"

    @core @negative @APIM-APP-01 @APIM-APP-04 @DEF-SEED-APP-04
    Scenario: A deleted application can no longer be read
      Given the application "shop"
      And the developer has deleted "shop"
      When the developer reads the application "shop"
      Then the request is refused because there is no such application

    @core @negative @APIM-AUTHZ-03 @DEF-SEED-AUTH-01 @needs:publisher
    Scenario: A publisher has no applications
      When the publisher creates the application "shop"
      Then the request is refused as unauthenticated

    @core @negative @APIM-AUTHZ-04 @DEF-SEED-AUTH-01 @needs:publisher
    Scenario: A publisher subscribes to nothing
      Given the application "shop"
      And an API "orders"
      When the publisher subscribes "shop" to "orders"
      Then the request is refused as unauthenticated

    @core @negative @APIM-AUTHZ-06 @DEF-SEED-AUTH-01 @needs:publisher
    Scenario: A developer blocks no subscription
      Given an API "orders"
      And the application "shop" subscribed to the API "orders"
      When the developer blocks the subscription of "shop" to "orders"
      Then the request is refused as unauthenticated

  Rule: A name is unique among the applications of an owner

    @core @negative @APIM-APP-02 @DEF-SEED-APP-02 @DEF-SEED-APP-11
    Scenario: A second application of the same name is refused
      Given the application "shop"
      When the developer creates another application called "shop"
      Then the request is refused because the owner has such an application
      And the refusal says "An application already exists with name `shop`"

    @core @APIM-APP-03 @DEF-SEED-APP-03
    Scenario: Another owner may use the same name
      Given the application "shop"
      When the other developer creates another application called "shop"
      Then the request is granted
      And the developer can read the application "shop"

    @core @APIM-APP-03 @DEF-SEED-APP-03
    Scenario: Deleting an application leaves the other owner's of the same name
      Given the application "shop"
      And the other developer has created another application called "shop"
      When the developer deletes "shop"
      Then there is no application "shop"
      And the owner of "another shop" still has it

  Rule: An application is another's to see only where it is shared

    @core @negative @APIM-AUTHZ-08 @DEF-SEED-APP-06
    Scenario: Another developer cannot change an application
      Given the application "shop"
      When the other developer describes the application "shop" as "mine now"
      Then the request is refused because the application is another's to change
      And the application "shop" is still without a description

    @extended @APIM-APP-05 @DEF-SEED-APP-05 @needs:deployment
    Scenario: The groups of an application are kept
      Given the platform shares applications within groups
      When the developer creates the application "shop" for the group "sales"
      Then the request is granted
      And the application "shop" is shared with exactly the group "sales"

    @extended @APIM-APP-06 @DEF-SEED-APP-09 @needs:deployment
    Scenario: A member of the group can read a shared application
      Given the platform shares applications within groups
      And the developer has created the application "shop" for the group "sales"
      And the other developer is in the group "sales"
      When the other developer reads the application "shop"
      Then the request is granted

    @extended @negative @APIM-APP-06 @APIM-AUTHZ-08 @DEF-SEED-APP-06 @needs:deployment
    Scenario: A member of the group cannot change a shared application
      Given the platform shares applications within groups
      And the developer has created the application "shop" for the group "sales"
      And the other developer is in the group "sales"
      When the other developer describes the application "shop" as "mine now"
      Then the request is refused because the application is another's to change
      And the application "shop" is still without a description

    @extended @negative @APIM-AK-15 @DEF-SEED-AK-15 @needs:deployment
    Scenario: A member of the group is shown none of the API keys of a shared application
      Given the platform shares applications within groups
      And the developer has created the application "shop" for the group "sales"
      And the API consumer holds an API key of "shop"
      And the other developer is in the group "sales"
      When the other developer looks at the API keys of "shop"
      Then the request is granted
      And no API key is shown

    @extended @negative @APIM-APP-06 @DEF-SEED-APP-06 @needs:deployment
    Scenario: Whoever is in another group cannot read a shared application
      Given the platform shares applications within groups
      And the developer has created the application "shop" for the group "sales"
      And the other developer is in the group "stores"
      When the other developer reads the application "shop"
      Then the request is refused because the application is another's to change

  Rule: An administrator gives an application to another user of the tenant

    @extended @APIM-APP-08 @DEF-SEED-APP-07 @needs:admin
    Scenario: An application is listed under its new owner
      Given the application "shop"
      When the administrator gives "shop" to the other developer
      Then the request is granted
      And the other developer has the application "shop"
      And the developer does not have the application "shop"

    @extended @negative @APIM-APP-09 @DEF-SEED-APP-08 @needs:admin
    Scenario: An application is not given to a user whom nobody knows
      Given the application "shop"
      When the administrator gives "shop" to a user whom nobody knows
      Then the request is refused because the owner cannot be taken
      And the developer has the application "shop"

    @extended @negative @APIM-APP-09 @DEF-SEED-APP-08 @needs:admin @needs:tenants
    Scenario: An application is not given to a user of another tenant
      Given another tenant with a key manager "acme"
      And the application "shop"
      When the administrator gives "shop" to the developer of the other tenant
      Then the request is refused because the owner cannot be taken
      And the developer has the application "shop"

    @extended @negative @APIM-APP-09 @DEF-SEED-APP-08 @needs:admin
    Scenario: An application is not given to an owner who has one of its name
      Given the application "shop"
      And the other developer has created another application called "shop"
      When the administrator gives "shop" to the other developer
      Then the request is refused because the owner cannot be taken
      And the developer has the application "shop"
