import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { As } from '../../records/types.js';

/** One field's names in exports, folded (`fold`). All names of a tier are equally good; an earlier tier beats a later one. */
export interface Synonyms {
  tiers: readonly (readonly string[])[];
  as?: As;
  relation?: ObjectName;
}

type Table = Readonly<Record<string, Synonyms>>;

function field(first: string, second = '', as?: As): Synonyms {
  const tiers = [first, second].filter((tier) => tier !== '').map((tier) => tier.split(' '));
  return { tiers, ...(as && { as }) };
}

function relation(target: ObjectName, names: string): Synonyms {
  return { tiers: [names.split(' ')], relation: target };
}

const OWNER = field(
  'owneremail ownersemail assigneeemail',
  'owner assignee assignedto accountowner contactowner dealowner companyowner opportunityowner recordowner salesrep salesperson responsible zustandig verantwortlich besitzer responsable proprietaire propietario ownerid',
);
const ADDRESS: Table = {
  'address.street': field(
    'street address streetaddress address1 addressline1 addressstreet strasse anschrift rue adresse calle direccion',
    'mailingstreet billingstreet businessstreet homestreet shippingstreet address1street address1formatted primaryaddressstreet street1 billingaddress postaladdress',
  ),
  'address.city': field(
    'city town ort stadt ville ciudad addresscity',
    'mailingcity billingcity businesscity homecity shippingcity address1city primaryaddresscity',
  ),
  'address.region': field(
    'state region province county stateregion bundesland provincia addressregion addressstate',
    'mailingstate billingstate businessstate homestate stateprovince mailingstateprovince billingstateprovince address1region',
  ),
  'address.postalCode': field(
    'postalcode zip zipcode postcode plz postleitzahl codepostal codigopostal addresspostalcode addresszip',
    'mailingpostalcode billingpostalcode businesspostalcode homepostalcode mailingzippostalcode billingzippostalcode zippostalcode address1postalcode',
  ),
  'address.country': field(
    'country countryregion land pays pais addresscountry',
    'mailingcountry billingcountry businesscountryregion homecountryregion businesscountry address1country',
    'country',
  ),
};
const TAGS = field(
  'tags labels categories schlagworte etiquettes etiquetas groups',
  'label groupmembership listmembership',
  'list',
);
const NOTES = field(
  'notes note comments notizen bemerkung bemerkungen remarques notas',
  'description comment',
);
const PHONE = field(
  'phone phonenumber telephone tel telefon telefonnummer telefono phone1value mobile mobilephone mobil handy cell cellphone',
  'businessphone workphone phonework homephone primaryphone phonemobile telefonnr mobilephonenumber mainphone companyphone otherphone phonehome',
  'phone',
);

const ACCOUNTS: Table = {
  name: field(
    'name companyname accountname organizationname organisationname firma firmenname unternehmen entreprise raisonsociale nomdelasociete empresa nombre nom',
    'company account organization organisation displayname customername customer clientname',
  ),
  domain: field('domain companydomainname domainname companydomain'),
  website: field('website url homepage web webseite siteweb sitioweb', 'websiteurl webpage companywebsite'),
  industry: field('industry branche secteur sector industria'),
  email: field(
    'email emailaddress mail emailadresse correo courriel',
    'companyemail email1value contactemail',
    'email',
  ),
  phone: PHONE,
  ...ADDRESS,
  status: field('status accountstatus lifecyclestage statut estado'),
  owner: OWNER,
  taxId: field(
    'taxid vatid vat vatnumber ustid ustidnr steuernummer tva numerotva nif cif ein',
    'taxnumber vatregistrationnumber taxidentifier',
  ),
  tags: TAGS,
  notes: NOTES,
  parent: relation('accounts', 'parentaccountid parentcompanyid parentid parentorganizationid'),
};

const CONTACTS: Table = {
  name: field(
    'name fullname displayname vollname vollerndername nomcomplet nombrecompleto',
    'contactname customername clientname personname leadname',
  ),
  firstName: field('firstname givenname vorname prenom forename first', 'nombre'),
  lastName: field(
    'lastname familyname surname nachname familienname apellido apellidos last nomdefamille',
    'nom',
  ),
  email: field(
    'email emailaddress emailadresse mail email1value primaryemail correoelectronico correo courriel emailwork workemail',
    'email1 email1address businessemail emailhome personalemail adresseemail adressemail',
    'email',
  ),
  emails: field('emails emailaddresses', '', 'list'),
  phone: PHONE,
  phones: field('phones phonenumbers', '', 'list'),
  title: field(
    'title jobtitle position organizationtitle organization1title funktion berufsbezeichnung fonction cargo poste puesto',
    'role job',
  ),
  account: relation(
    'accounts',
    'accountid companyid organizationid organisationid orgid primaryassociatedcompanyid associatedcompanyid associatedcompanyids',
  ),
  status: field('status contactstatus leadstatus statut estado'),
  owner: OWNER,
  ...ADDRESS,
  birthday: field(
    'birthday birthdate dateofbirth dob geburtstag geburtsdatum datedenaissance anniversaire fechadenacimiento cumpleanos',
    '',
    'date',
  ),
  tags: TAGS,
  notes: NOTES,
  url: field('url linkedin linkedinurl profileurl website webpage website1value'),
};

const PRODUCTS: Table = {
  name: field(
    'name productname itemname bezeichnung artikelbezeichnung produktname nomduproduit produit nombredelproducto nom nombre',
    'product item title article artikel',
  ),
  sku: field(
    'sku productcode itemcode articlenumber artikelnummer artikelnr partnumber reference referencia',
    'productid itemid ean gtin itemnumber productnumber',
  ),
  description: field('description productdescription beschreibung descripcion longdescription'),
  price: field(
    'price unitprice listprice salesprice preis verkaufspreis prix precio prixunitaire preciounitario',
    'msrp amount rate',
    'money',
  ),
  cost: field('cost unitcost costprice purchaseprice einkaufspreis kosten cout coste costo', '', 'money'),
  unit: field('unit uom unitofmeasure einheit unite unidad'),
  category: field(
    'category productcategory productfamily producttype kategorie warengruppe categorie categoria',
    'type family',
  ),
  status: field('status productstatus active statut estado'),
};

const PROJECTS: Table = {
  name: field('name projectname projekt projektname projet nomduprojet proyecto', 'title project'),
  description: field('description beschreibung descripcion summary'),
  status: field('status projectstatus state statut estado'),
  startDate: field(
    'startdate start beginn startdatum datededebut fechadeinicio',
    'begindate startedat',
    'date',
  ),
  endDate: field(
    'enddate end ende enddatum datedefin fechadefin',
    'duedate targetdate deadline completedat',
    'date',
  ),
  account: relation('accounts', 'accountid companyid organizationid clientid customerid'),
  owner: field(
    'owneremail leademail manageremail',
    'owner lead projectlead projectmanager manager projektleiter projectowner',
  ),
  url: field('url link'),
};

const DEALS: Table = {
  title: field(
    'title dealname name dealtitle opportunityname opportunity deal titel titre titulo',
    'subject topic',
  ),
  amount: field(
    'amount dealvalue value dealamount opportunityamount betrag montant importe valor wert',
    'total revenue expectedrevenue',
    'money',
  ),
  status: field('status dealstatus statut estado', 'iswon'),
  stage: field('stage dealstage stagename pipelinestage phase etape etapa salesstage'),
  probability: field('probability winprobability wahrscheinlichkeit probabilite probabilidad probability%'),
  expectedCloseDate: field(
    'expectedclosedate closedate expectedclose closingdate abschlussdatum datedecloture fechadecierre',
    '',
    'date',
  ),
  closedAt: field('closedat closeddate wontime losttime actualclosedate closedtime', '', 'datetime'),
  account: relation(
    'accounts',
    'accountid companyid organizationid organisationid orgid primaryassociatedcompanyid associatedcompanyid associatedcompanyids',
  ),
  contact: relation(
    'contacts',
    'contactid personid primarycontactid associatedcontactid associatedcontactids',
  ),
  owner: OWNER,
  tags: TAGS,
  notes: NOTES,
};

const TASKS: Table = {
  title: field(
    'title taskname name summary subject task titel betreff aufgabe titre objet titulo asunto',
    'issue todo',
  ),
  description: field('description details body beschreibung descripcion notes content'),
  status: field('status state taskstatus statut estado'),
  priority: field('priority prioritat priorite prioridad'),
  dueDate: field(
    'duedate due deadline faelligam falligam faligkeit echeance datedecheance fechadevencimiento',
    'dueon',
    'date',
  ),
  completedAt: field(
    'completedat completed completiondate resolved resolutiondate closedat doneat dateresolved',
    '',
    'datetime',
  ),
  owner: field(
    'assigneeemail owneremail assigneesemail',
    'assignee assignedto owner responsible zustandig responsable',
  ),
  project: relation('projects', 'projectid projectkey'),
  parent: relation('tasks', 'parentid parenttaskid parentkey parentissueid'),
  labels: field('labels tags etiketten etiquettes etiquetas', 'label', 'list'),
  url: field('url link issueurl permalink'),
};

const INVOICES: Table = {
  number: field(
    'invoicenumber invoiceno invoicenr number rechnungsnummer rechnungsnr numerodefacture nfacture numerodefactura docnumber documentnumber',
    'ordernumber orderid orderno bestellnummer auftragsnummer invoiceid invoice',
  ),
  status: field('status invoicestatus paymentstatus statut estado'),
  issueDate: field(
    'invoicedate issuedate issuedat rechnungsdatum datedefacture fechadefactura dateissued',
    'orderdate date datum fecha bestelldatum created',
    'date',
  ),
  dueDate: field(
    'duedate due paymentdue falligkeitsdatum falligam dateecheance datedecheance fechadevencimiento',
    '',
    'date',
  ),
  total: field(
    'total invoicetotal grandtotal totalamount gesamtbetrag rechnungsbetrag bruttobetrag montantttc montanttotal importetotal ordertotal',
    'amount sales betrag montant importe linetotal lineamount',
    'money',
  ),
  tax: field('tax taxamount vatamount mwst steuer montanttva impuesto salestax', '', 'money'),
  balance: field('balance balancedue amountdue openbalance offenerbetrag soldedu saldo', '', 'money'),
  account: relation('accounts', 'accountid companyid organizationid organisationid'),
  contact: relation('contacts', 'contactid customerid clientid personid kundennummer kundennr kundenid'),
  owner: OWNER,
};

export const SYNONYMS: Readonly<Record<ObjectName, Table>> = {
  accounts: ACCOUNTS,
  contacts: CONTACTS,
  products: PRODUCTS,
  projects: PROJECTS,
  deals: DEALS,
  tasks: TASKS,
  invoices: INVOICES,
};

/** Of an invoice's lines, where the rows of a group are its lines. */
export const LINE_SYNONYMS: Table = {
  description: field(
    'description productname itemname item lineitemname linedescription product bezeichnung artikel produkt designation descripcion',
  ),
  quantity: field('quantity qty menge anzahl quantite cantidad', 'lineitemquantity'),
  unitPrice: field('unitprice price einzelpreis prixunitaire preciounitario rate lineitemprice', '', 'money'),
  amount: field(
    'lineamount linetotal amount sales positionsbetrag betrag montant importe',
    'lineitemamount total',
    'money',
  ),
  product: relation(
    'products',
    'productid sku productcode itemid itemcode artikelnummer artikelnr articlenumber lineitemsku',
  ),
};

export const REQUIRED: Readonly<Record<ObjectName, string>> = {
  accounts: 'name',
  contacts: 'name',
  products: 'name',
  projects: 'name',
  deals: 'title',
  tasks: 'title',
  invoices: 'number',
};

export const CURRENCY_NAMES = [
  'currency',
  'currencycode',
  'currencyisocode',
  'wahrung',
  'waehrung',
  'devise',
  'moneda',
  'dealcurrency',
  'invoicecurrency',
];
