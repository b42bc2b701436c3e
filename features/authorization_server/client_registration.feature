@client-registration @needs:dcr
Feature: Dynamic client registration
  A platform that creates clients itself registers them here, and later changes and deletes them.

  Rule: A registration is answered with all that a client needs

    @core @smoke @SEED-IS-05/served @SEED-IS7-14 @SEED-KM-13 @OAUTH-7591-3.1-a @OAUTH-7591-3.2.1-a @DEF-SEED-AS-DCR-01
    Scenario: A registered client has an id, a secret and the end of the secret
      When the integrator registers a client for client credentials
      Then the client is registered with status 201
      And the registration has these members:
        | member                   | form         |
        | client_id                | text         |
        | client_secret            | text         |
        | client_secret_expires_at | whole number |

    @core @OAUTH-7591-3.2.1-b @DEF-SEED-AS-DCR-02
    Scenario: The answer repeats what was registered
      When the integrator registers a client for client credentials
      Then the registration repeats the name and grant types that were asked for

    @core @needs:client-credentials @SEED-KM-13 @DEF-SEED-AS-DCR-03
    Scenario: A registered client can ask for tokens
      Given a client registered for client credentials
      When the registered client asks for a token
      Then a token is issued

    @core @OAUTH-7591-2-b @DEF-SEED-AS-DCR-04
    Scenario: A registration that leaves things out gets the defaults
      When the integrator registers a client with nothing but a redirect URI
      Then the registration has these values:
        | member                     | value               |
        | token_endpoint_auth_method | client_secret_basic |
        | grant_types                | authorization_code  |
        | response_types             | code                |

    @core @OAUTH-7591-2-a @DEF-SEED-AS-DCR-05
    Scenario: Metadata that nobody knows is ignored
      When the integrator registers a client with metadata that nobody knows
      Then the client is registered with status 201
      And the registration does not repeat the metadata that nobody knows

    @core @OAUTH-7591-5-a @DEF-SEED-AS-DCR-06
    Scenario: Two registrations are two clients
      When the integrator registers two clients alike
      Then the two clients have different ids

    @extended @OAUTH-7591-3.2.1-c @DEF-SEED-AS-DCR-07
    Scenario: A registration answer is not to be cached
      When the integrator registers a client for client credentials
      Then the client is registered with status 201
      And the answer forbids storing it

    @extended @OAUTH-7592-3-a @DEF-SEED-AS-DCR-08
    Scenario: A registration says where and with what it is managed
      When the integrator registers a client for client credentials
      Then the registration has these members:
        | member                    | form    |
        | registration_client_uri   | address |
        | registration_access_token | text    |

  Rule: A registration that cannot be is refused with a reason

    @core @negative @OAUTH-7591-2-c @OAUTH-7591-3.2.2-a @DEF-SEED-AS-DCR-09
    Scenario: A grant that redirects needs a redirect URI
      When the integrator registers a client for authorization codes without a redirect URI
      Then registration is refused with one of these errors:
        | invalid_redirect_uri    |
        | invalid_client_metadata |

    @core @negative @OAUTH-7591-3.2.2-a @OAUTH-6749-3.1.2-a @DEF-SEED-AS-DCR-09
    Scenario: A redirect URI with a fragment is refused
      When the integrator registers a client with the redirect URI "https://client.example/callback#part"
      Then registration is refused with one of these errors:
        | invalid_redirect_uri    |
        | invalid_client_metadata |

    @core @negative @OAUTH-7591-3.1-a @DEF-SEED-AS-DCR-10
    Scenario: A registration that is no JSON is refused
      When the integrator registers something that is no JSON
      Then registration is refused

    @core @negative @OAUTH-7591-5-a @DEF-135
    Scenario: An address in a registration is not visited
      When the integrator registers a client whose keys are at an address of this machine
      Then nobody has asked for anything at that address

  Rule: A client is managed with the token that came with its registration

    @core @needs:dcr-management @OAUTH-7592-2.1-a @DEF-SEED-AS-DCR-17
    Scenario: A registration can be read
      Given a client registered for client credentials
      When the client's registration is read
      Then the registration is that of the client

    @core @negative @needs:dcr-management @OAUTH-7592-2.1-c @DEF-SEED-AS-DCR-11
    Scenario: The token of one client does not read another
      Given a client registered for client credentials
      And another client registered for client credentials
      When the client's registration is read with the token of the other
      Then reading the registration is refused

    @core @negative @needs:dcr-management @OAUTH-7592-2.1-a @DEF-SEED-AS-DCR-12
    Scenario: A registration is not read without its token
      Given a client registered for client credentials
      When the client's registration is read without a token
      Then reading the registration is refused

    @core @negative @needs:dcr-management @needs:server-controls @OAUTH-7592-2.1-a @DEF-152
    Scenario: A client that was disabled does not read its registration
      Given a client registered for client credentials
      And an administrator has switched the registered client off
      When the client's registration is read
      Then reading the registration is refused

    @core @negative @needs:dcr-management @needs:server-controls @needs:client-credentials @OAUTH-7592-2.1-a @DEF-121 @DEF-152
    Scenario: A client that was disabled does not bring itself back
      Given a client registered for client credentials
      And an administrator has switched the registered client off
      When the client asks for another name in its registration
      And the registered client asks for a token
      Then no token is issued

    @core @needs:dcr-management @OAUTH-7592-2.2-a @OAUTH-7592-2.2-c @DEF-SEED-AS-DCR-03 @DEF-SEED-AS-DCR-13 @DEF-SEED-AS-DCR-17
    Scenario: A changed name is stored
      Given a client registered for client credentials
      When the client's registration is changed to the name "kmspec renamed"
      And the client's registration is read
      Then the registration has these values:
        | member      | value          |
        | client_name | kmspec renamed |

    @core @negative @needs:dcr-management @OAUTH-7592-2.2-b @DEF-SEED-AS-AUTH-01 @DEF-SEED-AS-DCR-14
    Scenario: A client does not choose its own secret
      Given a client registered for client credentials
      When the client's registration is changed to a secret of the client's own
      Then the secret of the client's own brings no token

    @core @needs:dcr-management @OAUTH-7592-2.3-a @DEF-SEED-AS-DCR-16
    Scenario: A registration can be deleted
      Given a client registered for client credentials
      When the client's registration is deleted
      Then deletion is answered with status 204

    @core @negative @needs:dcr-management @OAUTH-7592-2.1-b @DEF-SEED-AS-DCR-15
    Scenario: A registration that is gone cannot be read
      Given a client registered for client credentials
      When the client's registration is deleted
      And the client's registration is read
      Then reading the registration is refused with status 401

    @extended @negative @needs:dcr-management @needs:client-credentials @OAUTH-7592-2.3-b @DEF-SEED-AS-DCR-15
    Scenario: A client that was deleted gets no token
      Given a client registered for client credentials
      When the client's registration is deleted
      And the registered client asks for a token
      Then no token is issued
      And the answer is an error of the token endpoint
