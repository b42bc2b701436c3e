@token-endpoint
Feature: Identity Server in legacy mode
  One switch brings back how older versions went about owners, permissions and tenants.

  Rule: The token of an application is its owner's

    @core @needs:deployment @needs:jwt-access-tokens @SEED-IS7-04 @DEF-SEED-AS-LEGACY-01
    Scenario: In legacy mode the subject of an application's token is the owner
      Given the administrator of the server has set these switches:
        | switch             | value |
        | server.legacy_mode | true  |
      And a self-contained access token issued to the client
      When the integrator verifies the token with the published keys
      Then the claim "sub" has the value "admin"

    @core @needs:deployment @needs:introspection @SEED-IS7-04 @DEF-SEED-AS-LEGACY-02
    Scenario: In legacy mode introspection of an application's token tells the owner
      Given the administrator of the server has set these switches:
        | switch             | value |
        | server.legacy_mode | true  |
      And an access token issued to the client
      When the OAuth client introspects the token
      Then the answer says that the token is active
      And introspection names the user "admin"

    @core @needs:deployment @needs:introspection @SEED-IS7-04 @SEED-IS7-15 @DEF-SEED-AS-INTRO-07
    Scenario: Without legacy mode introspection of an application's token names nobody
      Given the administrator of the server has set these switches:
        | switch             | value |
        | server.legacy_mode | false |
      And an access token issued to the client
      When the OAuth client introspects the token
      Then introspection names no user

  Rule: What the roles of a user permit decides who may manage

    @core @needs:deployment @needs:dcr @SEED-IS7-04 @SEED-IS7-14 @DEF-SEED-AS-LEGACY-03
    Scenario: In legacy mode a user with the permission registers clients
      Given the administrator of the server has set these switches:
        | switch             | value |
        | server.legacy_mode | true  |
      When a user whose role has the permission "/permission/admin/manage/identity/applicationmgt" registers a client
      Then the client is registered with status 201

    @core @negative @needs:deployment @needs:dcr @SEED-IS7-04 @SEED-IS7-14 @DEF-SEED-AS-LEGACY-04
    Scenario: In legacy mode a user without the permission registers none
      Given the administrator of the server has set these switches:
        | switch             | value |
        | server.legacy_mode | true  |
      When a user whose role has no permission registers a client
      Then registration is refused

  Rule: There are no paths of tenants

    @core @negative @needs:deployment @SEED-IS7-04 @DEF-SEED-AS-LEGACY-05
    Scenario: In legacy mode nothing is served below the path of a tenant
      Given the administrator of the server has set these switches:
        | switch             | value |
        | server.legacy_mode | true  |
      When the integrator fetches the key set below the path of the tenant "carbon.super"
      Then nothing is there

    @core @needs:deployment @SEED-IS7-04 @DEF-SEED-AS-KEYS-05
    Scenario: Without legacy mode the key set is also served below the path of the tenant
      Given the administrator of the server has set these switches:
        | switch             | value |
        | server.legacy_mode | false |
      When the integrator fetches the key set below the path of the tenant "carbon.super"
      Then the key set holds at least one key that signatures can be verified with
