@token-endpoint @needs:kerberos
Feature: Logging in with Kerberos
  The user's ticket for the server says who the user is, and the client gets a token without ever seeing a password.

  Background:
    Given the administrator of the server has set these switches:
      | switch                           | value |
      | oauth.grant_type.kerberos.enable | true  |
    And a Kerberos realm that the server belongs to

  Rule: A ticket for the server is a grant

    @core @SEED-KM-06/kerberos @DEF-SEED-AS-KRB-07
    Scenario: A ticket of the user brings a token
      When the OAuth client asks for a token with a Kerberos ticket of the user
      Then a token is issued

  Rule: What is wrong with a ticket, or with who shows it, is told to nobody

    @core @negative @SEED-KM-06/kerberos
    Scenario Outline: A ticket that <flaw> brings none
      When the OAuth client asks for a token with a Kerberos ticket of the user that <flaw>
      Then no token is issued
      And the error is "invalid_grant" with status 400

      @DEF-SEED-AS-KRB-01
      Examples:
        | flaw                       |
        | is sealed with another key |

      @DEF-SEED-AS-KRB-02
      Examples:
        | flaw        |
        | has expired |

      @DEF-SEED-AS-KRB-03
      Examples:
        | flaw                  |
        | was shown an hour ago |

      @DEF-SEED-AS-KRB-04
      Examples:
        | flaw                   |
        | is for another service |

      @DEF-SEED-AS-KRB-05
      Examples:
        | flaw                |
        | somebody else shows |

    @core @negative @SEED-KM-06/kerberos @DEF-SEED-AS-KRB-06
    Scenario: A ticket that was shown is shown anew, not sent again
      Given the OAuth client sent a Kerberos ticket of the user
      When the OAuth client sends the same Kerberos ticket once more
      Then no token is issued
      And the error is "invalid_grant" with status 400

    @core @negative @SEED-KM-06/kerberos @DEF-SEED-AS-KRB-08
    Scenario: What is no ticket is an invalid grant
      When the OAuth client asks for a token with a Kerberos ticket that is none
      Then no token is issued
      And the error is "invalid_grant" with status 400
