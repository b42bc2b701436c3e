//! The product's codes on the management planes, each with its status and fixed texts.
//! Numbers that occur twice in the product are told apart by the name here.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $status:literal, $message:literal, $description:literal;)*) => {
        /// A product code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            pub(super) fn number(self) -> u32 {
                match self { $(Self::$name => $number,)* }
            }

            /// Status, message and description.
            pub(super) fn text(self) -> (u16, &'static str, &'static str) {
                match self { $(Self::$name => ($status, $message, $description),)* }
            }
        }
    };
}

codes! {
    PolicyUnknown = 900305, 400, "Tier not found", "The throttling policy is unknown or not allowed";
    MappingNotFound = 900331, 404, "Application key mapping not found", "Application key mapping not found";
    RoleNotFound = 900607, 404, "Role does not exist", "Role does not exist";
    AccessRolesMissing = 900610, 400, "Access control roles cannot be empty", "Access control roles cannot be empty when visibility is restricted";
    TrustNotMade = 900611, 400, "Error while adding the trusted Identity Provider", "Error while adding the trusted Identity Provider";
    TextTooLong = 900704, 400, "Character length exceeds the allowable limit", "Character length exceeds the allowable limit";
    TextBlank = 900705, 400, "Required property is blank", "Required property is blank";
    TextInvalid = 900706, 400, "Invalid characters", "Invalid characters";
    NotOwner = 900915, 403, "Invalid Permission", " You are not authorized to access the resource.";
    SecretsDisabled = 900916, 400, "Multiple client secrets disabled", "A key has one secret here";
    TokenGenerationFailed = 900957, 500, "Keymanagement Error", " Error while generating the applicationaccess token.";
    ConsumerKeyMissing = 900958, 403, "Consumer key is missing", "The application key has no consumer key yet";
    TokenRequestInvalid = 900965, 400, "Key Management Error", "Invalid access token request.";
    General = 900967, 500, "General Error", "Server Error Occurred";
    ApplicationPropertiesInvalid = 900970, 400, "Invalid application additional properties", "Invalid additional properties. ";
    ScopeNotFound = 900981, 404, "Shared Scope not found", "Shared Scope not found";
    ScopeExists = 900984, 409, "Scope already exists", "Scope already exists";
    ScopeAttached = 900985, 409, "Shared Scope already attached", "Shared Scope already attached";
    ScopeOfAnotherApi = 900988, 400, "Scope already assigned locally by another API", "Scope already assigned locally by another API";
    OrganizationNotFound = 901301, 404, "Organization Not Found", "Organization Not Found";
    TenantNotFound = 901300, 400, "Tenant Not Found", "Tenant Not Found";
    TypeUnknown = 901400, 400, "Key Manager Type not configured", "Key Manager Type not configured";
    ConfigurationMissing = 901401, 400, "Required Key Manager configuration missing", "Missing required configuration";
    KeyManagerExists = 901402, 409, "Key Manager Already Exists", "Key Manager Already Exists";
    NotRegistered = 901403, 400, "Key Manager not Registered", "Key Manager not Registered";
    NameEmpty = 901404, 400, "Key Manager name cannot be empty", "Key Manager name cannot be empty";
    NoClientCreation = 901405, 400, "Key Manager doesn't support generating OAuth applications", "Key Manager doesn't support generating OAuth applications";
    NoTokenGeneration = 901405, 400, "Key Manager doesn't support token generation", "Key Manager doesn't support token generation";
    NoClientMapping = 901405, 400, "Key Manager doesn't support mapping OAuth applications", "Key Manager doesn't support mapping OAuth applications";
    ApplicationPropertiesMissing = 901407, 400, "Required application properties are missing", "Required application properties are missing";
    MappingExists = 901409, 409, "Key Mappings already exists", "Key Mappings already exists";
    KeyManagerNotFound = 901411, 404, "Key Manager not Found", "Key Manager not found";
    SystemScopeNotOfUser = 901500, 404, "Scope not found for user", "The user does not have the scope";
    SystemScopeNotFound = 901501, 404, "Scope not found", "Scope not found";
    UserNotFound = 901502, 404, "User not found", "User not found";
    PasswordWrong = 901451, 400, "Current password incorrect", "The current password is not the one that was given";
    PasswordPattern = 901452, 400, "Password pattern invalid", "The new password is too short or too long";
    BackendRefused = 902003, 400, "Invalid Request sent to Key Manager.", "Invalid Request sent to Key Manager.";
    BackendFailed = 902004, 500, "Internal Server Error from Key Manager", "Internal Server Error from Key Manager";
    PlanRestricted = 902002, 403, "Subscription Tier is not allowed for user", "Subscription Tier is not allowed for user";
    KeyManagerRestricted = 902013, 403, "Unauthorized Access to Key Manager", "Key Manager is Restricted for this user";
    KeyDeleteFailed = 902014, 412, "Key Delete error", "Error while deleting Keys. ";
    KeyManagerInUse = 902015, 412, "Key Manager Delete error", "Error while deleting the Key Manager. ";
    KeyManagersNoArray = 903203, 400, "KeyManagers value needs to be an array", "Value of the KeyManagers config should be an array";
    ScopeRoleNotFound = 903250, 400, "Role does not exist", "Role does not exist";
    KeyTypeInvalid = 904013, 400, "Invalid key type", "The key type is neither PRODUCTION nor SANDBOX";
}
