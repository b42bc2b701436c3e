@token-validation @needs:publisher @needs:devportal @needs:gateway
Feature: API keys at the gateway
  An API key stands for an application where an API takes such keys beside tokens, or instead of them. A key of the publisher
  opens one API, whatever that takes.

  Rule: A key of a subscribed application opens the API

    @core @APIM-AK-01 @DEF-SEED-AK-01
    Scenario: An API key opens an API once its application is subscribed
      Given an API "orders" that takes API keys
      And the application "shop"
      And the API consumer holds an API key of "shop"
      When the developer subscribes "shop" to "orders"
      Then "orders" comes to accept the API key

    @core @negative @APIM-AK-02 @DEF-SEED-AK-02
    Scenario: An API key that nobody made is refused
      Given an API "orders" that takes API keys
      When the API consumer calls "orders" with a made-up API key
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @extended @negative @APIM-AK-07 @DEF-SEED-AK-02
    Scenario: An API that takes its keys in a header of its own does not look at the usual one
      Given an API "orders" that takes API keys in the header "X-Shop-Key"
      And the application "shop" subscribed to the API "orders"
      And the API consumer holds an API key of "shop", which "orders" has accepted
      When the API consumer calls "orders" with the API key in the header "ApiKey"
      Then the call is refused as unauthenticated
      And the call did not reach the backend

    @extended @APIM-AK-07 @DEF-SEED-AK-07
    Scenario: An API takes its keys in the header that its publisher chose
      Given an API "orders" that takes API keys in the header "X-Shop-Key"
      And the application "shop"
      And the API consumer holds an API key of "shop"
      When the developer subscribes "shop" to "orders"
      Then "orders" comes to accept the API key

    @extended @APIM-AK-09 @DEF-SEED-AK-09
    Scenario: An API that needs no subscription takes the key of any application
      Given an API "orders" that takes API keys and needs no subscription
      And the application "shop"
      And the API consumer holds an API key of "shop"
      When the API consumer calls "orders" with the API key
      Then the backend answers the call

    @core @APIM-AK-10 @DEF-SEED-AK-10
    Scenario Outline: An API that takes nothing but API keys is opened by a <type> one
      Given an API "orders" that takes only API keys
      And the application "shop" subscribed to the API "orders"
      And the API consumer holds an API key of "shop", which "orders" has accepted
      And the API consumer holds a <type> API key of "shop"
      When the API consumer calls "orders" with the API key
      Then the backend answers the call

      Examples:
        | type       |
        | production |
        | sandbox    |

  Rule: A key may be kept to places

    Background:
      Given an API "orders" that takes API keys
      And the application "shop" subscribed to the API "orders"
      And the API consumer holds an API key of "shop", which "orders" has accepted

    @core @DEF-SEED-AK-04
    Scenario Outline: A key that is kept to <kept> "<places>" opens the API from "<place>"
      Given the API consumer holds an API key of "shop" that is kept to <kept> "<places>"
      When the API consumer calls "orders" with the API key from "<place>"
      Then the backend answers the call

      @APIM-AK-03
      Examples:
        | kept      | places   | place    |
        | addresses | 10.0.0.7 | 10.0.0.7 |

      @APIM-AK-04
      Examples:
        | kept      | places                                | place         |
        | addresses | 192.168.7.1,10.0.0.0/8,2001:db8::/32  | 10.9.8.7      |
        | addresses | 192.168.7.1,10.0.0.0/8,2001:db8::/32  | 2001:db8:1::5 |
        | addresses | 192.168.7.1,10.0.0.0/8,2001:db8::/32  | 192.168.7.1   |

      @APIM-AK-05
      Examples:
        | kept  | places              | place                    |
        | pages | www.shop.test/cart  | www.shop.test/cart       |
        | pages | www.shop.test/*     | www.shop.test/a/b/c      |
        | pages | *.shop.test/*       | south.shop.test/cart     |

    @core @negative @DEF-SEED-AK-03
    Scenario Outline: A key that is kept to <kept> "<places>" opens nothing from "<place>"
      Given the API consumer holds an API key of "shop" that is kept to <kept> "<places>"
      When the API consumer calls "orders" with the API key from "<place>"
      Then the call is refused because the API key may not be sent from there
      And the call did not reach the backend

      @APIM-AK-03
      Examples:
        | kept      | places   | place    |
        | addresses | 10.0.0.7 | 10.0.0.8 |

      @APIM-AK-04
      Examples:
        | kept      | places                                | place         |
        | addresses | 192.168.7.1,10.0.0.0/8,2001:db8::/32  | 11.0.0.1      |
        | addresses | 192.168.7.1,10.0.0.0/8,2001:db8::/32  | 2001:db9::5   |

      @APIM-AK-05
      Examples:
        | kept  | places              | place                |
        | pages | www.shop.test/cart  | www.shop.test/bill   |
        | pages | www.shop.test/*     | www.other.test/cart  |
        | pages | *.shop.test/*       | south.other.test/x   |

  Rule: A key that was revoked is none

    @core @negative @APIM-AK-06 @DEF-SEED-AK-06
    Scenario: An API key comes to be refused once it is revoked
      Given an API "orders" that takes API keys
      And the application "shop" subscribed to the API "orders"
      And the API consumer holds an API key of "shop", which "orders" has accepted
      When the developer revokes the API key of "shop"
      Then "orders" comes to refuse the API key because the credentials are invalid

  Rule: The key of a publisher opens one API, whatever that takes

    @extended @APIM-AK-14 @DEF-SEED-AK-14
    Scenario Outline: The internal key of an API that takes only <credentials> opens it
      Given an API "orders" that takes only <credentials>
      And the publisher holds an internal key of "orders"
      When the API consumer calls "orders" with the internal key
      Then the backend answers the call

      Examples:
        | credentials         |
        | access tokens       |
        | API keys            |
        | Basic credentials   |
        | client certificates |

    @extended @APIM-AK-13 @DEF-SEED-AK-13
    Scenario: The internal key of an API without production backend is one for sandbox
      Given an API "orders" that has a backend for sandbox keys only
      When the publisher generates an internal key of "orders"
      Then the internal key says that it is for sandbox
