@token-validation @needs:publisher @needs:devportal @needs:gateway
Feature: Client certificates at the gateway
  A publisher uploads the certificates of clients. What a client shows in the handshake opens an API that takes certificates,
  alone or together with what its application presents.

  Rule: The certificate that was uploaded opens the API, and no other does

    Background:
      Given an API "orders" that takes client certificates alone
      And the publisher has uploaded the certificate of a client to "orders"

    @extended @APIM-MTLS-01 @DEF-SEED-MTLS-01
    Scenario Outline: The uploaded certificate opens the API on <path>
      When the API consumer calls "orders" on <path>, showing the uploaded certificate
      Then the backend answers the call

      Examples:
        | path                     |
        | the path of its version  |
        | the path without version |

    @extended @negative @APIM-MTLS-01 @DEF-SEED-MTLS-02
    Scenario Outline: A call that shows <certificate> on <path> is refused
      When the API consumer calls "orders" on <path>, showing <certificate>
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      Examples:
        | certificate         | path                     |
        | no certificate      | the path of its version  |
        | another certificate | the path of its version  |
        | no certificate      | the path without version |
        | another certificate | the path without version |

    @extended @negative @APIM-MTLS-06 @DEF-SEED-MTLS-02
    Scenario: A certificate in a header stands for no handshake
      When the API consumer calls "orders" with the uploaded certificate in a header
      Then the call is refused as unauthenticated
      And the call did not reach the backend

  Rule: What an uploaded certificate has signed counts where chains do

    @extended @negative @APIM-MTLS-02 @DEF-SEED-MTLS-02
    Scenario: A certificate that the uploaded one has signed is refused where chains do not count
      Given an API "orders" that takes client certificates alone
      And the publisher has uploaded the certificate of an authority to "orders"
      When the API consumer calls "orders" on the path of its version, showing a signed certificate with its chain
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @extended @needs:deployment @APIM-MTLS-03 @DEF-SEED-MTLS-01
    Scenario Outline: <certificate> opens the API where chains count
      Given the platform believes what uploaded client certificates have signed
      And an API "orders" that takes client certificates alone
      And the publisher has uploaded the certificate of an authority to "orders"
      When the API consumer calls "orders" on the path of its version, showing <certificate>
      Then the backend answers the call

      Examples:
        | certificate                         |
        | a signed certificate with its chain |
        | a signed certificate alone          |

    @extended @negative @needs:deployment @APIM-MTLS-03 @DEF-SEED-MTLS-02
    Scenario Outline: A call that shows <certificate> is refused where chains count
      Given the platform believes what uploaded client certificates have signed
      And an API "orders" that takes client certificates alone
      And the publisher has uploaded the certificate of an authority to "orders"
      When the API consumer calls "orders" on the path of its version, showing <certificate>
      Then the call is refused as unauthenticated

      Examples:
        | certificate         |
        | no certificate      |
        | another certificate |

  Rule: What an API demands besides is demanded besides

    @extended @negative @needs:resident @APIM-MTLS-04 @DEF-SEED-MTLS-02
    Scenario: A token is no certificate
      Given an API "orders" that takes client certificates alone
      And the application "shop" with keys at the resident key manager
      And the API consumer holds a token of "shop" from the resident key manager
      When the API consumer calls "orders" with the access token
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

    @extended @needs:resident @DEF-SEED-MTLS-03
    Scenario Outline: <certificate> and a token open an API that takes <taken>
      Given an API "orders" that takes <taken>
      And the application "shop" with keys of both types, subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager
      And the publisher has uploaded the certificate of a client to "orders"
      When the API consumer calls "orders" with the access token, showing <certificate>
      Then the backend answers the call

      @APIM-MTLS-04
      Examples:
        | certificate    | taken                                |
        | no certificate | client certificates or access tokens |

      @APIM-MTLS-05
      Examples:
        | certificate              | taken                                 |
        | the uploaded certificate | client certificates and access tokens |

      @APIM-MTLS-07
      Examples:
        | certificate              | taken                                                |
        | the uploaded certificate | access tokens, with or without a client certificate |
        | another certificate      | access tokens, with or without a client certificate |

    @extended @negative @needs:resident @DEF-SEED-MTLS-02
    Scenario Outline: <certificate> and <token> do not open an API that takes <taken>
      Given an API "orders" that takes <taken>
      And the application "shop" with keys of both types, subscribed to the API "orders"
      And the API consumer holds a token of "shop" from the resident key manager
      And the publisher has uploaded the certificate of a client to "orders"
      When the API consumer calls "orders" with <token>, showing <certificate>
      Then the call is refused as unauthenticated
      And the call did not reach the backend

      @APIM-MTLS-05
      Examples:
        | certificate              | token            | taken                                 |
        | the uploaded certificate | no token         | client certificates and access tokens |
        | no certificate           | the access token | client certificates and access tokens |

      @APIM-MTLS-07
      Examples:
        | certificate              | token          | taken                                                |
        | the uploaded certificate | no token       | access tokens, with or without a client certificate |
        | the uploaded certificate | a broken token | access tokens, with or without a client certificate |
