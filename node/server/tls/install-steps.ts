// What a person does on each system so that it trusts the local authority, as plain text in order. A page shows it
// beside the link to the file; this knows no page.

import type { AuthorityFile } from './authority-files.ts';

export interface InstallSteps {
  readonly system: 'ios' | 'android' | 'windows' | 'macos' | 'linux';
  readonly title: string;
  /** Which of the authority's files to download. */
  readonly file: AuthorityFile['name'];
  readonly steps: readonly string[];
}

export const INSTALL_STEPS: readonly InstallSteps[] = [
  {
    system: 'ios',
    title: 'iPhone and iPad',
    file: 'shoal-ca.mobileconfig',
    steps: [
      'Open this page in Safari, download the profile, and allow it.',
      'Open Settings and tap Profile Downloaded. If it is not there: General, VPN & Device Management.',
      'Tap More Details and compare the SHA-256 fingerprint with the one on this page and in the terminal of Shoal.',
      'Tap Install, enter your passcode, and tap Install again.',
      'In Settings go to General, About, Certificate Trust Settings, and switch on the Shoal local CA.',
      'Open the https address of Shoal again.',
    ],
  },
  {
    system: 'android',
    title: 'Android',
    file: 'shoal-ca.crt',
    steps: [
      'Download the certificate. If Android offers to open it and fails, only keep the file.',
      'Open Settings and search for CA certificate: Security, Encryption & credentials, Install a certificate.',
      'Choose CA certificate, tap Install anyway, and unlock the screen.',
      'Pick shoal-ca.crt among the downloads.',
      'Firefox only: in its settings open About Firefox and tap the logo five times; ' +
        'then, under Secret Settings, switch on Use third party CA certificates.',
      'Open the https address of Shoal again. It may help to close the browser before.',
    ],
  },
  {
    system: 'windows',
    title: 'Windows',
    file: 'shoal-ca.crt',
    steps: [
      'Download the certificate and open it.',
      'Click Install Certificate, choose Current User, and click Next.',
      'Choose Place all certificates in the following store, click Browse, ' +
        'and choose Trusted Root Certification Authorities.',
      'Click OK, Next and Finish, and confirm the warning with Yes.',
      'Close the browser, start it again, and open the https address of Shoal.',
    ],
  },
  {
    system: 'macos',
    title: 'Mac',
    file: 'shoal-ca.cer',
    steps: [
      'Download the certificate and open it. Keychain Access adds it to the login keychain.',
      'In Keychain Access find the Shoal local CA under Certificates and open it.',
      'Under Details compare the SHA-256 fingerprint with the one on this page and in the terminal of Shoal.',
      'Under Trust set When using this certificate to Always Trust, close the window, and enter your password.',
      'Close the browser, start it again, and open the https address of Shoal.',
    ],
  },
  {
    system: 'linux',
    title: 'Linux',
    file: 'shoal-ca.crt',
    steps: [
      'Download the certificate.',
      'Chrome and Chromium: open chrome://certificate-manager, Local certificates, Custom, Installed by you, ' +
        'and import it under Trusted Certificates.',
      'Firefox: open Settings, Privacy & Security, View Certificates, Authorities, Import, ' +
        'and choose Trust this CA to identify websites.',
      'For other programs, on Debian and Ubuntu: ' +
        'sudo cp shoal-ca.crt /usr/local/share/ca-certificates/ && sudo update-ca-certificates',
      'Open the https address of Shoal again.',
    ],
  },
];
