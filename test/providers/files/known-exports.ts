import type { ObjectName } from '../../../workflows/contract/objects.js';

export interface KnownExport {
  object: ObjectName;
  header: string[];
  rows: string[][];
  key: string[];
  fields: Record<string, unknown>;
}

/** What other programs write when they export, shortened: header, two rows, and the mapping that must come of it unasked. */
export const KNOWN_EXPORTS: [name: string, KnownExport][] = [
  [
    'Google contacts',
    {
      object: 'contacts',
      header: [
        'First Name',
        'Last Name',
        'E-mail 1 - Value',
        'Phone 1 - Value',
        'Organization Name',
        'Organization Title',
        'Birthday',
        'Address 1 - City',
        'Labels',
      ],
      rows: [
        ['Ann', 'Lee', 'ann@x.example', '+1 555 0100', 'Acme', 'CEO', '1980-04-12', 'Rome', 'a ::: b'],
        ['Bob', 'Ray', 'bob@x.example', '+1 555 0101', 'Acme', 'CTO', '1981-04-12', 'Rome', 'a'],
      ],
      key: ['E-mail 1 - Value'],
      fields: {
        firstName: 'First Name',
        lastName: 'Last Name',
        email: {
          path: 'E-mail 1 - Value',
          as: 'email',
        },
        phone: {
          path: 'Phone 1 - Value',
          as: 'phone',
        },
        title: 'Organization Title',
        birthday: {
          path: 'Birthday',
          as: 'date',
        },
        'address.city': 'Address 1 - City',
        tags: {
          path: 'Labels',
          as: 'list',
        },
      },
    },
  ],
  [
    'HubSpot contacts',
    {
      object: 'contacts',
      header: [
        'Record ID',
        'First Name',
        'Last Name',
        'Email',
        'Phone Number',
        'Contact owner',
        'Primary Associated Company ID',
        'Lead Status',
        'Company name',
      ],
      rows: [
        ['101', 'Ann', 'Lee', 'ann@x.example', '+1 555 0100', 'Jo Doe', '9', 'Open', 'Acme'],
        ['102', 'Bob', 'Ray', 'bob@x.example', '+1 555 0101', 'Jo Doe', '9', 'Open', 'Acme'],
      ],
      key: ['Record ID'],
      fields: {
        firstName: 'First Name',
        lastName: 'Last Name',
        email: {
          path: 'Email',
          as: 'email',
        },
        phone: {
          path: 'Phone Number',
          as: 'phone',
        },
        account: {
          path: 'Primary Associated Company ID',
          relation: 'accounts',
        },
        status: 'Lead Status',
        owner: 'Contact owner',
      },
    },
  ],
  [
    'Pipedrive people',
    {
      object: 'contacts',
      header: ['Person - ID', 'Person - Name', 'Person - Email - Work', 'Person - Organization'],
      rows: [
        ['7', 'Ann Lee', 'ann@x.example', 'Acme'],
        ['8', 'Bob Ray', 'bob@x.example', 'Acme'],
      ],
      key: ['Person - ID'],
      fields: {
        name: 'Person - Name',
        email: {
          path: 'Person - Email - Work',
          as: 'email',
        },
      },
    },
  ],
  [
    'Salesforce accounts',
    {
      object: 'accounts',
      header: [
        'Account ID',
        'Account Name',
        'Website',
        'Industry',
        'Billing City',
        'Parent Account ID',
        'Account Owner',
      ],
      rows: [
        ['001A', 'Acme', 'https://acme.example', 'Tools', 'Rome', '', 'Jo'],
        ['001B', 'Beta', 'https://beta.example', 'Tools', 'Rome', '001A', 'Jo'],
      ],
      key: ['Account ID'],
      fields: {
        name: 'Account Name',
        website: 'Website',
        industry: 'Industry',
        'address.city': 'Billing City',
        owner: 'Account Owner',
        parent: {
          path: 'Parent Account ID',
          relation: 'accounts',
        },
      },
    },
  ],
  [
    'German customers, with the locale not needed for days with dots',
    {
      object: 'contacts',
      header: [
        'Kundennummer',
        'Vorname',
        'Nachname',
        'E-Mail-Adresse',
        'Straße',
        'PLZ',
        'Ort',
        'Geburtsdatum',
      ],
      rows: [
        ['K1', 'Jörg', 'Groß', 'j@x.example', 'Weg 1', '01067', 'Köln', '12.04.1980'],
        ['K2', 'Uwe', 'Klein', 'u@x.example', 'Weg 2', '01069', 'Köln', '1.5.1981'],
      ],
      key: ['Kundennummer'],
      fields: {
        firstName: 'Vorname',
        lastName: 'Nachname',
        email: {
          path: 'E-Mail-Adresse',
          as: 'email',
        },
        'address.street': 'Straße',
        'address.city': 'Ort',
        'address.postalCode': 'PLZ',
        birthday: {
          path: 'Geburtsdatum',
          as: 'date',
          format: 'd.M.yyyy',
        },
      },
    },
  ],
  [
    'French products with the currency in the header',
    {
      object: 'products',
      header: ['Référence', 'Produit', 'Prix (EUR)', 'Catégorie'],
      rows: [
        ['P-1', 'Vis', '1.50', 'Quincaillerie'],
        ['P-2', 'Clou', '0.20', 'Quincaillerie'],
      ],
      key: ['Référence'],
      fields: {
        name: 'Produit',
        sku: 'Référence',
        price: {
          path: 'Prix (EUR)',
          as: 'money',
          currency: 'EUR',
        },
        category: 'Catégorie',
      },
    },
  ],
  [
    'deals with a currency column',
    {
      object: 'deals',
      header: ['Deal ID', 'Deal Name', 'Amount', 'Currency', 'Close Date', 'Deal Stage', 'Company ID'],
      rows: [
        ['1', 'Big one', '1200.50', 'USD', '2024-05-01', 'won', '9'],
        ['2', 'Small one', '10', 'EUR', '2024-06-01', 'open', '9'],
      ],
      key: ['Deal ID'],
      fields: {
        title: 'Deal Name',
        amount: {
          path: 'Amount',
          as: 'money',
          currency: 'Currency',
        },
        stage: 'Deal Stage',
        expectedCloseDate: {
          path: 'Close Date',
          as: 'date',
        },
        account: {
          path: 'Company ID',
          relation: 'accounts',
        },
      },
    },
  ],
  [
    'issues',
    {
      object: 'tasks',
      header: ['Issue key', 'Summary', 'Status', 'Assignee', 'Due Date', 'Priority', 'Labels'],
      rows: [
        ['A-1', 'Do it', 'To Do', 'jo@corp.example', '3/25/2024', 'High', 'x'],
        ['A-2', 'Do more', 'Done', 'jo@corp.example', '4/2/2024', 'Low', 'x'],
      ],
      key: ['Issue key'],
      fields: {
        title: 'Summary',
        status: 'Status',
        priority: 'Priority',
        dueDate: {
          path: 'Due Date',
          as: 'date',
          format: 'M/d/yyyy',
        },
        owner: 'Assignee',
        labels: {
          path: 'Labels',
          as: 'list',
        },
      },
    },
  ],
];
