@key-managers @needs:admin
Feature: The secrets of a key manager
  A connector's password goes in once; afterwards only the authorization server gets to see it.

  Rule: No reply shows a secret

    @core @smoke @SEED-IS-12/password @DEF-178 @connector:is7
    Scenario: A password is masked when its key manager is read
      Given a described key manager "acme" at WSO2 Identity Server 7 with
        | password | s3cret-Of-The-Server |
      When the administrator reads "acme"
      Then the password of "acme" is masked
      And no reply to the administrator shows "s3cret-Of-The-Server"

    @core @SEED-IS-12/password @DEF-178 @connector:is7
    Scenario: No password is shown in the list of key managers
      Given a described key manager "acme" at WSO2 Identity Server 7 with
        | password | s3cret-Of-The-Server |
      When the administrator lists the key managers
      Then the key manager "acme" is listed
      And no reply to the administrator shows "s3cret-Of-The-Server"

    @core @SEED-IS-12/password @DEF-178 @connector:is7 @needs:devportal
    Scenario: A developer who looks at the key managers sees no password
      Given a described key manager "acme" at WSO2 Identity Server 7 with
        | password | s3cret-Of-The-Server |
      When the developer looks at the key managers
      Then the key manager "acme" is offered
      And no reply to the developer shows "s3cret-Of-The-Server"

    @core @SEED-IS-12/username @DEF-SEED-KM-08 @connector:is7
    Scenario: What is no secret stays readable
      Given a described key manager "acme" at WSO2 Identity Server 7 with
        | username  | connector |
      When the administrator reads "acme"
      Then the username of "acme" is "connector"

  Rule: The mask stands for the secret that is kept

    @core @SEED-IS-12/password @DEF-177 @connector:is7 @needs:devportal @needs:fresh-issuer
    Scenario: The password that was entered still opens the authorization server after an update
      Given a key manager "acme" at WSO2 Identity Server 7
      And the application "shop"
      And the administrator has saved "acme" as it was read
      When the developer generates keys for "shop" at "acme"
      Then the request is granted
      And "acme" received 1 registration request

    @core @SEED-IS-12/password @DEF-178 @DEF-SEED-KM-06 @connector:is7
    Scenario: An update leaves a masked password masked
      Given a described key manager "acme" at WSO2 Identity Server 7 with
        | password | s3cret-Of-The-Server |
      When the administrator changes the description of "acme" to "reworded"
      Then the password of "acme" is masked
      And the description of "acme" is "reworded"
      And no reply to the administrator shows "s3cret-Of-The-Server"

    @core @negative @SEED-IS-12/password @DEF-165 @connector:is7 @needs:devportal @needs:fresh-issuer
    Scenario: A new password is the one that the authorization server gets to see
      Given a key manager "acme" at WSO2 Identity Server 7
      And the application "shop"
      And the administrator has changed the password of "acme" to "no-longer-right"
      When the developer generates keys for "shop" at "acme"
      Then the request is refused because the authorization server refused
      And the developer sees no keys of "shop" at "acme"
