@token-endpoint
Feature: Scopes by role, and consumer keys that are unique
  What an administrator of Identity Server sets up so that a platform can build on it.

  Rule: The roles of a user decide which scopes are issued

    @core @needs:role-based-scopes @needs:password @SEED-IS7-06 @DEF-SEED-AS-AUTH-08
    Scenario: A user with the role gets the scope
      Given a scope that only users with the role "buyer" may have
      And the user has that role
      When the OAuth client asks for a token with that scope and the user's password
      Then a token is issued
      And the token answer grants that scope

    @core @negative @needs:role-based-scopes @needs:password @SEED-IS7-06 @DEF-118
    Scenario: A user without the role does not get the scope
      Given a scope that only users with the role "buyer" may have
      When the OAuth client asks for a token with that scope and the user's password
      Then the token answer does not grant that scope

  Rule: The switches of the server's configuration decide whether roles count

    @core @needs:role-based-scopes @needs:password @SEED-IS7-05 @SEED-IS7-06 @DEF-SEED-AS-AUTH-08
    Scenario: With both switches of role-based scopes a role brings its scope
      Given the administrator of the server has set these switches:
        | switch                                                       | value |
        | oauth.global_rbac_scope_issuer.enable                        | true  |
        | oauth.global_scope_validators.role_based_scope_issuer.enable | true  |
      And a scope that only users with the role "buyer" may have
      And the user has that role
      When the OAuth client asks for a token with that scope and the user's password
      Then the token answer grants that scope

    @core @needs:role-based-scopes @needs:password @SEED-IS7-04 @DEF-SEED-AS-AUTH-08
    Scenario: In legacy mode every registered scope may be asked for
      Given the administrator of the server has set these switches:
        | switch             | value |
        | server.legacy_mode | true  |
      And a scope that only users with the role "buyer" may have
      When the OAuth client asks for a token with that scope and the user's password
      Then the token answer grants that scope

  Rule: A consumer key belongs to one client

    @core @negative @needs:chosen-client-id @needs:dcr @SEED-IS7-08 @DEF-SEED-AS-DCR-18
    Scenario: A second client under the same consumer key is refused
      Given a client registered under an id that the integrator chose
      When the integrator registers a second client under the same id
      Then registration is refused with one of these errors:
        | invalid_client_metadata |
