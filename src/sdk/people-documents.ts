import { graphql } from './generated/gql.ts';

// Ready documents of what a person does: to come in, to stay in, and to join. docs/authentication.md explains each.

/**
 * Opens a session with a password; its access token is the `token` of the next client. Who has a second factor gets a
 * challenge instead: hand its token to `completeSignInMutation`.
 */
export const signInMutation = graphql(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      __typename
      ... on SignInSuccess {
        accessToken
        accessExpiresAt
        refreshToken
        refreshExpiresAt
      }
      ... on SecondFactorRequired {
        challengeToken
        expiresAt
      }
      ...Failure
    }
  }
`);

/** The second step of a sign-in: with a code of the authenticator, or with a recovery code. */
export const completeSignInMutation = graphql(`
  mutation CompleteSignIn($input: CompleteSignInInput!) {
    completeSignIn(input: $input) {
      __typename
      ... on CompleteSignInSuccess {
        accessToken
        accessExpiresAt
        refreshToken
        refreshExpiresAt
        recoveryCodesLeft
      }
      ...Failure
    }
  }
`);

/** Registers a person. The mail has the token for `verifyEmailMutation`; the answer is the same for every address. */
export const registerMutation = graphql(`
  mutation Register($input: RegisterInput!) {
    register(input: $input) {
      __typename
      ... on RegisterSuccess {
        sentTo
      }
      ...Failure
    }
  }
`);

/** Confirms the address of a registration, with the password that was chosen, and opens a session. */
export const verifyEmailMutation = graphql(`
  mutation VerifyEmail($input: VerifyEmailInput!) {
    verifyEmail(input: $input) {
      __typename
      ... on VerifyEmailSuccess {
        accessToken
        accessExpiresAt
        refreshToken
        refreshExpiresAt
      }
      ...Failure
    }
  }
`);

/** Exchanges a refresh token, which works once, for new tokens: one at a time. In a browser with cookies without a token. */
export const refreshSessionMutation = graphql(`
  mutation RefreshSession($input: RefreshSessionInput!) {
    refreshSession(input: $input) {
      __typename
      ... on RefreshSessionSuccess {
        accessToken
        accessExpiresAt
        refreshToken
        refreshExpiresAt
      }
      ...Failure
    }
  }
`);

/** Ends the session of the client's token, and takes the cookies away. */
export const signOutMutation = graphql(`
  mutation SignOut {
    signOut {
      __typename
      ... on SignOutSuccess {
        signedOut
      }
      ...Failure
    }
  }
`);

/** Asks for a mail with the token for `resetPasswordMutation`; the answer is the same for every address. */
export const requestPasswordResetMutation = graphql(`
  mutation RequestPasswordReset($input: RequestPasswordResetInput!) {
    requestPasswordReset(input: $input) {
      __typename
      ... on RequestPasswordResetSuccess {
        sentTo
      }
      ...Failure
    }
  }
`);

/** Sets a new password and opens a session. Who has a second factor gets a challenge instead, as at a sign-in. */
export const resetPasswordMutation = graphql(`
  mutation ResetPassword($input: ResetPasswordInput!) {
    resetPassword(input: $input) {
      __typename
      ... on ResetPasswordSuccess {
        accessToken
        accessExpiresAt
        refreshToken
        refreshExpiresAt
      }
      ... on SecondFactorRequired {
        challengeToken
        expiresAt
      }
      ...Failure
    }
  }
`);

/** Proves that the person of the session is there, for what answers STEP_UP_REQUIRED; then send that again. */
export const stepUpMutation = graphql(`
  mutation StepUp($input: StepUpInput!) {
    stepUp(input: $input) {
      __typename
      ... on StepUpSuccess {
        provedUntil
        recoveryCodesLeft
      }
      ...Failure
    }
  }
`);

/**
 * Joins an organization: as the person signed in, or with a new password where the address has no account yet, which opens a
 * session; for whoever was signed in the tokens are null.
 */
export const acceptInvitationMutation = graphql(`
  mutation AcceptInvitation($input: AcceptInvitationInput!) {
    acceptInvitation(input: $input) {
      __typename
      ... on AcceptInvitationSuccess {
        organizationId
        memberId
        accessToken
        accessExpiresAt
        refreshToken
        refreshExpiresAt
      }
      ...Failure
    }
  }
`);
