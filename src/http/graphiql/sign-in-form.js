// The form beside the query page that signs a person in with a password, in place of a key. It becomes part of the page's
// one script: see render.ts. What it is given is sent to this server and kept nowhere; the session is a cookie that no
// script reads, this one included.
(() => {
  const part = (name) => document.querySelector(`#sign-in [data-part="${name}"]`);
  const form = part('form');
  const said = part('said');
  /** What the second step is asked with; null until the password was right. */
  let challengeToken = null;

  const SIGN_IN = 'mutation SignInHere($input: SignInInput!) { signIn(input: $input) { __typename ... on SecondFactorRequired { challengeToken } ... on ValidationError { message } } }';
  const COMPLETE = 'mutation CompleteSignInHere($input: CompleteSignInInput!) { completeSignIn(input: $input) { __typename ... on ValidationError { message } } }';
  const SIGN_OUT = 'mutation SignOutHere { signOut { __typename } }';
  const WHO = 'query WhoIsHere { viewer { user { email } } }';

  async function ask(query, variables = {}) {
    const response = await fetch(location.pathname, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors[0].message);
    const [result] = Object.values(data);
    if (result?.__typename === 'ValidationError') throw new Error(result.message);
    return result;
  }

  /** Shows who is signed in, or the step that is to come. */
  function show(email) {
    part('who').textContent = email ?? 'Sign in';
    form.hidden = email !== null;
    part('out').hidden = email === null;
    part('password-step').hidden = challengeToken !== null;
    part('code-step').hidden = challengeToken === null;
  }

  async function showWho() {
    const viewer = await ask(WHO);
    show(viewer?.user?.email ?? null);
  }

  async function signIn({ email, password, code }) {
    if (challengeToken === null) {
      const result = await ask(SIGN_IN, { input: { email, password, cookie: true } });
      challengeToken = result.challengeToken ?? null;
    } else {
      const digits = code.replaceAll(' ', '');
      const proof = /^\d{6}$/.test(digits) ? { code: digits } : { recoveryCode: code };
      await ask(COMPLETE, { input: { challengeToken, proof, cookie: true } });
      challengeToken = null;
    }
    if (challengeToken !== null) return show(null);
    form.reset();
    await showWho();
    part('details').open = false;
  }

  /** Says what went wrong, in place of what was said before. */
  async function tried(work) {
    said.textContent = '';
    try {
      await work();
    } catch (error) {
      said.textContent = error.message;
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void tried(() => signIn(Object.fromEntries(new FormData(form))));
  });
  part('again').addEventListener('click', () => {
    challengeToken = null;
    show(null);
  });
  part('out').addEventListener('click', () => void tried(async () => {
    await ask(SIGN_OUT);
    await showWho();
  }));
  void tried(showWho);
})();
