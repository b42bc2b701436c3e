@token-validation @needs:publisher @needs:devportal @needs:gateway
Feature: Credentials of several kinds at the gateway
  Each kind of credentials has its own place in a call, and counts only at an API that takes this kind. A refusal says the same,
  whatever was wrong.

  Rule: A credential counts in its own place only

    @core @negative @needs:resident @APIM-GW-13 @DEF-SEED-GW-27
    Scenario Outline: <credential> in the place of <other> is refused
      Given an API "orders" that takes API keys
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager
      And the API consumer holds an API key of "shop"
      And the publisher holds an internal key of "orders"
      When the API consumer calls "orders" with <credential> in the place of <other>
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

      Examples:
        | credential       | other           |
        | the access token | an API key      |
        | the internal key | an API key      |
        | the API key      | an access token |
        | the internal key | an access token |
        | the access token | an internal key |
        | the API key      | an internal key |

  Rule: What an API does not take is as good as nothing

    @core @negative @needs:resident @DEF-SEED-GW-28
    Scenario Outline: <credential> is no credential at an API that takes only <taken>
      Given an API "orders" that takes only <taken>
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager
      And the API consumer holds an API key of "shop"
      When the API consumer calls "orders" with <credential>
      Then the call is refused because credentials are missing
      And the refusal says "Missing Credentials"

      @APIM-AK-11
      Examples:
        | taken    | credential                |
        | API keys | the developer's password  |

      @APIM-GW-14
      Examples:
        | taken         | credential                |
        | access tokens | the developer's password  |

      @APIM-GW-15
      Examples:
        | taken             | credential       |
        | Basic credentials | the access token |
        | Basic credentials | the API key      |

  Rule: Users open an API that takes their passwords

    @core @APIM-GW-06 @DEF-SEED-GW-29
    Scenario: The password of a user opens an API that takes it
      Given an API "orders" that takes only Basic credentials
      When the API consumer calls "orders" with the developer's password
      Then the backend answers the call

    @core @negative @APIM-GW-06 @DEF-SEED-GW-30
    Scenario: A wrong password is refused in the words in which an unknown user is
      Given an API "orders" that takes only Basic credentials
      When the API consumer calls "orders" with a wrong password of the developer
      Then the call is refused because the credentials are invalid
      And the refusal says "Invalid Credentials"
      And the password of an unknown user is refused by "orders" in the same words

    @core @negative @needs:resident @APIM-GW-23 @DEF-SEED-GW-46
    Scenario: Another password ends a user's token and the old password
      Given an API "orders" that takes access tokens and Basic credentials
      And the user "nora"
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager by the password of "nora"
      And "orders" has accepted the password of "nora"
      When "nora" changes the password
      Then "orders" comes to refuse the token because the credentials are invalid
      And "orders" takes the new password of "nora" and not the old one

  Rule: A refusal speaks the product's language

    @core @negative @APIM-GW-01 @DEF-SEED-GW-31
    Scenario: A meaningless token is refused with a hint at the credentials
      Given an API "orders"
      When the API consumer calls "orders" with the token "nonsense"
      Then the call is refused because the credentials are invalid
      And the refusal says "Make sure you have provided the correct security credentials"

    @core @negative @APIM-GW-16 @DEF-078
    Scenario: A call without credentials is told that the API takes API keys
      Given an API "orders" that takes API keys
      When the API consumer calls "orders" without a token
      Then the call is refused because credentials are missing
      And the refusal challenges for an API key

    @core @negative @APIM-GW-10 @DEF-SEED-GW-32
    Scenario: The refusal of an unknown path does not repeat the path
      Given an API "orders"
      When the API consumer calls the path "no-such-place" beside "orders"
      Then the call is refused because there is no such API
      And the refusal does not repeat "no-such-place"

  Rule: The body of a call changes nothing about its credentials

    @extended @negative @APIM-GW-08 @DEF-SEED-GW-33
    Scenario: An invalid token is refused under a large body, too
      Given an API "orders" that is written to
      When the API consumer sends a body of a million letters to "orders" with the token "nonsense"
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

    @extended @negative @needs:resident @APIM-GW-09 @DEF-SEED-GW-34
    Scenario: A message that cannot be read is a failure of its own kind
      Given an API "orders" that is written to in XML
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      When the API consumer sends broken XML to "orders" with a token of "shop"
      Then the call fails because the message cannot be read
      And the call did not reach the backend

  Rule: An operation that is opened to everybody needs no credential

    @core @DEF-SEED-GW-35
    Scenario Outline: An operation that is opened in <place> of its API is called without credentials
      Given an API "orders"
      And "orders" refuses a call without a token
      When the publisher opens the operation of "orders" to everybody in <place>
      Then "orders" comes to answer a call without a token

      @APIM-GW-11
      Examples:
        | place        |
        | the settings |

      @APIM-GW-12
      Examples:
        | place          |
        | the definition |
