@client-registration @needs:deployment @needs:dcr
Feature: Client certificates that stand for users
  A platform may show its certificate instead of an administrator's password, and names the user that it acts for.

  Rule: A certificate stands for those users whom the administrator says it may stand for

    @core @SEED-IS7-09 @SEED-IS7-14 @DEF-SEED-AS-CERT-01
    Scenario Outline: A trusted certificate registers clients where it may stand for <whom>
      Given the administrator of the server lets client certificates stand for <whom>
      When the integrator registers a client in the name of the administrator, showing a certificate that the server trusts
      Then the client is registered with status 201

      Examples:
        | whom              |
        | any user          |
        | the administrator |

    @core @negative @SEED-IS7-09 @SEED-IS7-14 @DEF-SEED-AS-CERT-02
    Scenario: A certificate that may stand for somebody else registers none
      Given the administrator of the server lets client certificates stand for somebody else
      When the integrator registers a client in the name of the administrator, showing a certificate that the server trusts
      Then registration is refused

    @core @negative @SEED-IS7-09 @SEED-IS7-14 @DEF-SEED-AS-CERT-05
    Scenario: Where certificates stand for nobody the name of a user is not believed
      Given the administrator of the server lets client certificates stand for nobody
      When the integrator registers a client in the name of the administrator, showing a certificate that the server trusts
      Then registration is refused

  Rule: The name of a user is worth nothing without a certificate that the server trusts

    @core @negative @SEED-IS7-09 @SEED-IS7-14 @DEF-SEED-AS-CERT-03
    Scenario: A certificate of another authority registers none
      Given the administrator of the server lets client certificates stand for any user
      When the integrator registers a client in the name of the administrator, showing a certificate of another authority
      Then registration is refused

    @core @negative @SEED-IS7-09 @SEED-IS7-14 @DEF-SEED-AS-CERT-04
    Scenario: A name without a certificate registers none
      Given the administrator of the server lets client certificates stand for any user
      When the integrator registers a client in the name of the administrator, showing no certificate
      Then registration is refused
