@application-keys @needs:devportal @needs:resident @connector:resident
Feature: The secrets of an application's keys
  Keys of the resident key manager may have several secrets at a time, so that one can be replaced while another works.

  Background:
    Given the application "shop" with keys at the resident key manager

  Rule: Every secret opens the token endpoint until it is revoked

    @extended @SEED-KM-04/generation @DEF-SEED-KEYS-15 @APIM-SEC-04 @APIM-SEC-07
    Scenario: A secret that was added works beside the first
      When the developer adds a secret to the keys of "shop" at the resident key manager
      Then the latest secret that was added opens the token endpoint for "shop" at the resident key manager
      And the first secret opens the token endpoint for "shop" at the resident key manager

    @extended @negative @DEF-172 @DEF-SEED-KEYS-15 @APIM-SEC-10
    Scenario: A revoked secret opens nothing while the others still do
      Given the keys of "shop" at the resident key manager have 2 more secrets
      When the developer revokes the oldest secret that was added to the keys of "shop" at the resident key manager
      Then the oldest secret that was added opens nothing for "shop" at the resident key manager
      And the latest secret that was added opens the token endpoint for "shop" at the resident key manager
      And the first secret opens the token endpoint for "shop" at the resident key manager

    @extended @DEF-172 @DEF-173 @DEF-SEED-REST-02 @APIM-SEC-05
    Scenario: The latest secret can be revoked, too
      Given the keys of "shop" at the resident key manager have 2 more secrets
      When the developer revokes the latest secret that was added to the keys of "shop" at the resident key manager
      Then the request is granted
      And the latest secret that was added opens nothing for "shop" at the resident key manager
      And the oldest secret that was added opens the token endpoint for "shop" at the resident key manager

    @extended @negative @DEF-174 @DEF-SEED-KEYS-15 @needs:clock
    Scenario: A secret opens nothing once its time is up
      Given the keys of "shop" at the resident key manager have a secret for 60 seconds
      When 61 seconds pass
      Then the latest secret that was added opens nothing for "shop" at the resident key manager
      And the first secret opens the token endpoint for "shop" at the resident key manager

    @extended @negative @DEF-174 @needs:clock
    Scenario: A secret that took the place of the first opens nothing once its time is up
      Given the keys of "shop" at the resident key manager have 1 more secrets
      And the keys of "shop" at the resident key manager have a secret for 60 seconds
      And the developer has revoked the first secret of the keys of "shop" at the resident key manager
      When 61 seconds pass
      Then the latest secret that was added opens nothing for "shop" at the resident key manager
      And the oldest secret that was added opens the token endpoint for "shop" at the resident key manager

  Rule: Secrets are made well and told once

    @extended @DEF-175
    Scenario: No secret is shown again in the list
      Given the keys of "shop" at the resident key manager have 2 more secrets
      When the developer lists the secrets of the keys of "shop" at the resident key manager
      Then 3 secrets are listed, none with its value

    @extended @DEF-181
    Scenario: Secrets differ and cannot be guessed
      Given the keys of "shop" at the resident key manager have 9 more secrets
      When the developer adds a secret to the keys of "shop" at the resident key manager
      Then the secrets that were added differ and cannot be guessed

    @core @DEF-176
    Scenario: Changing the grant types of keys leaves their secret alone
      When the developer changes the grant types of the keys of "shop" at the resident key manager to "client_credentials, refresh_token"
      Then the keys of "shop" at the resident key manager still have their secret
      And the first secret opens the token endpoint for "shop" at the resident key manager

    @extended @APIM-SEC-05 @DEF-SEED-KEYS-20
    Scenario: A secret is listed until it is revoked
      Given the keys of "shop" at the resident key manager have 2 more secrets
      And the developer has revoked the oldest secret that was added to the keys of "shop" at the resident key manager
      When the developer lists the secrets of the keys of "shop" at the resident key manager
      Then the latest secret that was added is listed
      And the oldest secret that was added is not listed

    @extended @APIM-SEC-09 @DEF-SEED-KEYS-21
    Scenario: Tokens by different secrets are of one subject
      Given the keys of "shop" at the resident key manager have 1 more secrets
      When the developer adds a secret to the keys of "shop" at the resident key manager
      Then tokens of "shop" at the resident key manager by the oldest and the latest secret that were added are of one subject

    @extended @negative @APIM-SEC-08 @DEF-172 @DEF-SEED-KEYS-20
    Scenario: Sandbox keys have secrets in the same way
      Given "shop" has sandbox keys at the resident key manager
      And the keys of "shop" at the resident key manager have 2 more secrets
      And the developer has revoked the oldest secret that was added to the keys of "shop" at the resident key manager
      When the developer lists the secrets of the keys of "shop" at the resident key manager
      Then 2 secrets are listed, none with its value
      And the oldest secret that was added opens nothing for "shop" at the resident key manager
      And the latest secret that was added opens the token endpoint for "shop" at the resident key manager

  Rule: Where keys may have several secrets, none is replaced under way

    @extended @negative @APIM-SEC-03 @DEF-SEED-SEC-02
    Scenario: A secret is not regenerated where keys may have several
      When the developer has the secret of "shop" at the resident key manager regenerated
      Then the request is refused because keys may have several secrets
      And the first secret opens the token endpoint for "shop" at the resident key manager

  Rule: Keys are good for the grant types that they have now

    @core @negative @SEED-KM-04/generation @DEF-166 @APIM-KM-UPD-02
    Scenario: A grant type that was taken from the keys is refused
      Given the developer has changed the grant types of the keys of "shop" at the resident key manager to "password"
      When the API consumer requests a token of "shop" from the resident key manager by client credentials
      Then the token request is refused as "unauthorized_client"

    @core @APIM-KM-UPD-01 @DEF-SEED-KEYS-22
    Scenario: Changed keys are told with the grant types that they have left
      When the developer changes the grant types of the keys of "shop" at the resident key manager to "client_credentials"
      Then the keys are for exactly "client_credentials"

    @core @APIM-KM-UPD-02 @DEF-SEED-KEYS-25
    Scenario: A grant type that was taken from the keys works again once it is back
      Given the developer has changed the grant types of the keys of "shop" at the resident key manager to "password"
      When the developer changes the grant types of the keys of "shop" at the resident key manager to "client_credentials, password"
      Then the request is granted
      And the first secret opens the token endpoint for "shop" at the resident key manager

  Rule: Keys that were removed are good for nothing

    @core @negative @SEED-KM-04/generation @DEF-SEED-KEYS-17 @APIM-KM-DEL-01
    Scenario: Keys that were removed bring no token
      Given the developer has removed the keys of "shop" at the resident key manager
      When the API consumer requests a token of "shop" from the resident key manager by client credentials
      Then the token request is refused as "invalid_client"

    @core @APIM-KM-CLN-01 @DEF-SEED-KEYS-19
    Scenario: Keys that were cleaned up are no longer listed
      When the developer cleans up the keys of "shop" at the resident key manager
      Then the request is granted
      And the developer sees no keys of "shop" at the resident key manager
