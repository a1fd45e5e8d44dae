import { readFileSync } from 'node:fs';

/** The form that signs a person in with a password, for the corner of the query page: what it looks like, and its script. */
export const SIGN_IN_FORM = `<style>
#sign-in { position: fixed; left: 4px; top: 50%; z-index: 5; font: 14px system-ui, sans-serif; color: #27303a; }
#sign-in summary { cursor: pointer; box-sizing: border-box; width: 52px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; list-style: none; text-align: center; padding: 6px 2px; border: 1px solid #0f766e; border-radius: 6px; background: #fff; color: #0f766e; font-size: 12px; }
#sign-in [data-part="panel"] { position: absolute; top: 0; left: 60px; width: 260px; padding: 16px; border: 1px solid #cfd6dd; border-radius: 8px; background: #fff; box-shadow: 0 4px 16px #0002; }
#sign-in label { display: block; margin-bottom: 8px; }
#sign-in input { display: block; box-sizing: border-box; width: 100%; margin-top: 4px; padding: 6px 8px; border: 1px solid #cfd6dd; border-radius: 4px; font: inherit; color: inherit; background: #fff; }
#sign-in button { padding: 6px 12px; border: 0; border-radius: 4px; background: #0f766e; color: #fff; font: inherit; cursor: pointer; }
#sign-in [data-part="said"] { margin: 8px 0 0; color: #b42318; }
#sign-in [hidden] { display: none; }
</style>
<aside id="sign-in"><details data-part="details"><summary data-part="who">Sign in</summary><div data-part="panel">
<form data-part="form">
<div data-part="password-step">
<label>Address <input name="email" type="email" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Sign in</button>
</div>
<div data-part="code-step" hidden>
<label>Code of the authenticator, or a recovery code <input name="code" autocomplete="one-time-code"></label>
<button>Go on</button> <button type="button" data-part="again">Back</button>
</div>
</form>
<button type="button" data-part="out" hidden>Sign out</button>
<p data-part="said" role="alert"></p>
</div></details></aside>
`;

/** A classic script, as the page's own: nothing of it is seen from outside. */
export const SIGN_IN_SCRIPT = readFileSync(new URL('./sign-in-form.js', import.meta.url), 'utf8');
