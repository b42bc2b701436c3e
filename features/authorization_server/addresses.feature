@discovery
Feature: Servers whose addresses lie otherwise than usual
  Below a path of an administrator's choice, or on two hosts: whoever reads the discovery document is led right all the same.

  Rule: A base path stands before every address

    @extended @needs:base-path @SEED-OOB-08 @DEF-SEED-AS-DISCO-12
    Scenario: Below a base path every address of the document lies below it
      Given the server stands below the path "auth"
      When the integrator reads the discovery document
      Then the document and every address in it lie below the path "auth"
      And the address of the document is made from the issuer it names

    @extended @needs:base-path @needs:client-credentials @needs:jwt-access-tokens @SEED-OOB-11 @DEF-SEED-AS-TOKEN-11
    Scenario: Tokens of a server below a base path carry the issuer of its document
      Given the server stands below the path "auth"
      And a self-contained access token issued to the client
      When the integrator verifies the token with the published keys
      Then the claim "iss" is the issuer of the discovery document

  Rule: The issuer may have a host of its own

    @extended @needs:issuer-host @SEED-OOB-08 @DEF-SEED-AS-DISCO-13
    Scenario: Issuer and key set are on the issuer's host, and the token endpoint on the server's
      Given the issuer of the server has a host of its own
      When the integrator reads the discovery document
      Then the issuer and the key set are on that host, and the token endpoint is not
      And the address of the document is made from the issuer it names

    @extended @needs:issuer-host @needs:client-credentials @needs:jwt-access-tokens @SEED-OOB-11 @DEF-SEED-AS-TOKEN-11
    Scenario: Tokens of a server on two hosts verify with the keys of the issuer's
      Given the issuer of the server has a host of its own
      And a self-contained access token issued to the client
      When the integrator verifies the token with the published keys
      Then the signature is right and the algorithm is an asymmetric one
      And the claim "iss" is the issuer of the discovery document

    @extended @negative @needs:issuer-host @SEED-OOB-08 @DEF-SEED-AS-DISCO-14
    Scenario: The other host serves no keys
      Given the issuer of the server has a host of its own
      When the integrator fetches the key set from the host of the token endpoint
      Then nothing is there

  Rule: A port offset moves what tokens say as well

    @extended @needs:documented-port @needs:client-credentials @needs:jwt-access-tokens @SEED-IS7-10 @SEED-IS7-13 @DEF-SEED-AS-TOKEN-11
    Scenario: With a port offset tokens carry the issuer of the moved document
      Given the administrator of the server has set these switches:
        | switch        | value |
        | server.offset | 2     |
      And a self-contained access token issued to the client
      When the integrator verifies the token with the published keys
      Then the claim "iss" is the issuer of the discovery document
