@resident @needs:admin @needs:devportal @needs:resident @needs:deployment @needs:tenants @connector:is7
Feature: Tenants that an identity server announces
  An identity server tells the platform of its tenants. What key manager such a tenant has is configured, and its owner's way in
  follows the announcements.

  Rule: An announced tenant has the key manager that is configured for it

    @extended @APIM-TS-01 @DEF-SEED-TS-01
    Scenario: An announced tenant gets a key manager at the identity server
      Given the platform gives announced tenants a key manager at their identity server
      When the identity server announces a tenant
      Then the announcement is received
      And the announced tenant has exactly one key manager, of the type "WSO2-IS-7"

    @extended @APIM-TS-03 @DEF-SEED-KM-23
    Scenario: A tenant that nobody announced has the resident key manager
      Given the platform gives announced tenants a key manager at their identity server
      When a tenant is made that nobody announced
      Then that tenant has exactly one key manager, the resident one

    @extended @negative @APIM-TS-08 @DEF-SEED-TS-02
    Scenario: An announced tenant has no key manager where none is configured
      Given the platform gives announced tenants no key manager
      When the identity server announces a tenant
      Then the announcement is received
      And the announced tenant has no key manager

    @extended @negative @APIM-TS-02 @DEF-SEED-TS-02
    Scenario: A platform that is set up without resident key managers has none in its first tenant
      When the platform is set up without resident key managers
      Then the first tenant is there and has no key manager

    @extended @negative @APIM-TS-08 @APIM-KEY-10 @DEF-SEED-TS-08
    Scenario: Without a key manager an application is made and has no keys
      Given the platform gives announced tenants no key manager
      And the identity server has announced a tenant
      When the owner of the announced tenant generates keys for a new application
      Then the request is refused because the key manager is not registered

  Rule: The way in follows the announcements

    Background:
      Given the platform gives announced tenants a key manager at their identity server
      And the identity server has announced a tenant

    @extended @APIM-TS-04 @DEF-SEED-TS-04
    Scenario: The new password of an owner is the one that counts
      When the identity server announces another password of the owner
      Then the announcement is received
      And the owner is let in with the new password and not with the old one
      And the announced tenant has exactly one key manager, of the type "WSO2-IS-7"

    @extended @negative @APIM-TS-05 @DEF-SEED-TS-05
    Scenario: A tenant that is announced as switched off keeps its owner out
      When the identity server announces that the tenant is switched off
      Then the announcement is received
      And the owner is not let in

    @extended @APIM-TS-06 @DEF-SEED-TS-06
    Scenario: A tenant that is announced as switched on again lets its owner in
      Given the identity server has announced that the tenant is switched off
      When the identity server announces that the tenant is switched on
      Then the announcement is received
      And the owner is let in

  Rule: Only the platform's own administrator is believed

    @extended @negative @APIM-TS-10 @DEF-SEED-TS-10
    Scenario Outline: An announcement in the name of <caller> is refused
      Given the platform gives announced tenants no key manager
      When a tenant is announced in the name of <caller>
      Then the request is refused as unauthenticated

      Examples:
        | caller                                 |
        | the administrator of another tenant    |
        | the administrator with a wrong password |
